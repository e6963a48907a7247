import type { Checkpoint } from "../../report-types.ts";
import { fail } from "../../plain-options.ts";
import type { Chunks, RunTerms } from "../../streams/chunks.ts";
import type { Source } from "../../streams/source.ts";

/** Reason why a source that is read again may yield other items than before. */
export interface Unsteady {
  /** Name of the part that may yield other items, as the subject of a sentence: "distinct". */
  readonly what: string;
  /**
   * `"time"`: always; `"state"`: only if the source does not start at its beginning; `"end"`: only the
   * number of items depends on time.
   */
  readonly by: "time" | "state" | "end";
  /**
   * If true, it yields items from before others it has yielded: no place in the source tells what is
   * finished.
   */
  readonly mixes?: boolean;
}

/** Function of a source that checks the terms of a run. */
export type CheckTerms = NonNullable<Chunks<unknown>["checkTerms"]>;

/**
 * Returns the check of a source made of other sources and parts; `undefined` if there is nothing to
 * check.
 */
export function checkTermsOf(
  sources: readonly Source<unknown>[],
  parts: readonly (Unsteady | undefined)[],
): CheckTerms | undefined {
  const checks = sources.flatMap((source) => (source as Partial<Chunks<unknown>>).checkTerms ?? []);
  const unsteady = parts.filter((part) => part !== undefined);
  if (checks.length + unsteady.length === 0) return undefined;
  return (action, terms, found) => {
    const weakened = checks.map((check) => check(action, terms, found));
    checkOrder(action, terms, unsteady);
    const isWeak = terms.resume === "source" && checkMiddle(action, terms, unsteady, found);
    return isWeak ? "at-least-once" : weakened.find((guarantee) => guarantee !== undefined);
  };
}

/** Rejects a run that resumes in a source, or opens it again, if it would lose items by that. */
function checkOrder(
  action: string,
  { checkpoints, resume, retry }: RunTerms,
  unsteady: readonly Unsteady[],
): void {
  // Read from its beginning, what has but state gives the same again.
  const loses = ({ by, mixes }: Unsteady) => resume === "skip" ? by !== "state" : mixes;
  const part = unsteady.find(loses);
  if (part === undefined) return;
  const isAnew = resume === "skip";
  const why = isAnew
    ? `the item at an offset depends on time with ${part.what}: new items would be mistaken ` +
      "for finished ones"
    : `items from before it may come after it with ${part.what}: they would be lost`;
  if (checkpoints !== undefined) {
    const how = isAnew ? "count items by offset" : "keep one place in the source";
    fail(action, "checkpoints", `omitted, as they ${how}, and ${why}`, checkpoints);
  }
  const { maxAttempts } = retry.extract;
  if (maxAttempts === 1) return; // Without checkpoints a source always starts over.
  const rule = `1, as a source that is opened again counts items by offset, and ${why}`;
  fail(action, "retry.extract.maxAttempts", rule, maxAttempts);
}

/**
 * Returns true if state that starts over in the middle of the source weakens the guarantee of a
 * run.
 */
function checkMiddle(
  action: string,
  { checkpoints, workers, guarantee }: RunTerms,
  unsteady: readonly Unsteady[],
  found: Checkpoint | undefined,
): boolean {
  const [part] = unsteady;
  if (checkpoints === undefined || part === undefined) return false;
  if (guarantee === "effectively-once") {
    const rule = `"at-least-once", as ${part.what} starts over if extract begins at the checkpoint`;
    fail(action, "guarantee", rule, guarantee);
  }
  const shifting = unsteady.find(({ by }) => by !== "end");
  if (shifting === undefined) return true;
  const why =
    `as ${shifting.what} starts over if extract begins at the checkpoint, and its items ` +
    "would be mistaken for those finished beyond the checkpoint";
  if (workers > 1) fail(action, "workers", `1, ${why}`, workers);
  // Those that could not be read have no position, and come again in their place.
  const beyond = found?.done.find(([, , position]) => position !== null);
  if (beyond === undefined) return true;
  const step = "(write the checkpoint again with 'done: []', to load that once more)";
  const [from, to] = beyond;
  fail(action, "checkpoint.done", `empty, ${why} ${step}`, `from ${from} to ${to}`);
}
