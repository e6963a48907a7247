import { fail } from "../../plain-options.ts";
import type { Chunks, RunTerms } from "../../streams/chunks.ts";
import type { Source } from "../../streams/source.ts";

/** Why a source that is read again may give other items than before. */
export interface Unsteady {
  /** What may give other items, as the subject of a sentence: "distinct". */
  readonly what: string;
  /** By `"time"` in any case, by `"state"` only where the source does not begin at its beginning. */
  readonly by: "time" | "state";
}

/** What a source tells a run that it is read by. */
export type CheckTerms = NonNullable<Chunks<unknown>["checkTerms"]>;

/** What a source tells that is made of others by what may be unsteady; `undefined` where nothing is. */
export function checkTermsOf(
  sources: readonly Source<unknown>[],
  parts: readonly (Unsteady | undefined)[],
): CheckTerms | undefined {
  const checks = sources.flatMap((source) => (source as Partial<Chunks<unknown>>).checkTerms ?? []);
  const unsteady = parts.filter((part) => part !== undefined);
  if (checks.length + unsteady.length === 0) return undefined;
  return (action, terms) => {
    const weakened = checks.map((check) => check(action, terms));
    const isWeak = check(action, terms, unsteady);
    return isWeak ? "at-least-once" : weakened.find((guarantee) => guarantee !== undefined);
  };
}

/** Tells whether what is unsteady weakens the guarantee of a run. */
function check(
  action: string,
  { checkpoints, resume, guarantee }: RunTerms,
  unsteady: readonly Unsteady[],
): boolean {
  if (checkpoints === undefined || unsteady.length === 0) return false;
  if (resume === "skip") {
    const part = unsteady.find(({ by }) => by === "time");
    if (part === undefined) return false; // Read from its beginning, it gives the same again.
    const rule =
      "omitted, as they count items by offset, and what is at an offset depends on time " +
      `with ${part.what}: new items would be taken for finished ones`;
    fail(action, "checkpoints", rule, checkpoints);
  }
  if (guarantee !== "effectively-once") return true;
  const { what } = unsteady[0]!;
  const rule = `"at-least-once", as ${what} begins anew where extract begins at the checkpoint`;
  fail(action, "guarantee", rule, guarantee);
}
