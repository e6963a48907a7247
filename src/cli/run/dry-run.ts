import { Etl } from "../../etl/etl.ts";
import { counted } from "../../explain/quantities.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { RunOptions } from "../../pipeline/run-options.ts";
import { withMembers } from "./wrapped.ts";

/** Rows that a dry run keeps to show them. */
const maxShown = 5;

/** Options without meaning where nothing is loaded, kept or written, or which would act outside. */
const leftOut = [
  ...(["checkpoints", "position", "resume", "partition", "lease", "checkpointInterval"] as const),
  ...(["whenCompleted", "fingerprint", "guarantee", "rateLimit", "deadLetters"] as const),
  ...(["observer", "stallTimeout", "onProgress", "progressInterval"] as const),
] satisfies (keyof RunOptions<never>)[];

/** Hooks that may change something outside. */
const hooks = ["preProcess", "postProcess", "finalize", "acknowledge", "reject"] as const;

/** Rows that a dry run would have loaded. */
export interface WouldLoad {
  /** Number of rows. */
  rows: number;
  /** The first of them. */
  readonly first: unknown[];
  /** The functions of the pipeline that were not called, `load` aside. */
  readonly notCalled: readonly string[];
}

/**
 * The pipeline with its own `extract` and transform, which loads nothing. Its hooks are not called,
 * as any of them may change something: nothing is prepared, published or acknowledged. It has no
 * checkpoints, and where it would write dead letters they are only counted.
 */
export function dryRun(
  etl: Etl<unknown, unknown>,
): { readonly etl: Etl<unknown, unknown>; readonly wouldLoad: WouldLoad } {
  const { pipeline, defaults } = etl;
  const first: unknown[] = [];
  const notCalled = hooks.filter((hook) => pipeline[hook] !== undefined);
  const wouldLoad: WouldLoad = { rows: 0, first, notCalled };
  const load = (rows: unknown[]) => {
    wouldLoad.rows += rows.length;
    first.push(...rows.slice(0, maxShown - first.length));
  };
  const nothing: Partial<Pipeline<unknown, unknown>> = Object.fromEntries(
    hooks.map((hook) => [hook, undefined]),
  );
  const dry = withMembers(pipeline, { ...nothing, load });
  const options: RunOptions<unknown> = Object.fromEntries(
    Object.entries(defaults).filter(([name]) => !(leftOut as readonly string[]).includes(name)),
  );
  const deadLetters = () => new WritableStream<never>();
  const counting = defaults.deadLetters === undefined ? {} : { deadLetters };
  return { etl: new Etl(dry, { ...options, ...counting }), wouldLoad };
}

/**
 * Returns words about the rows that a dry run would have loaded: a line for each of the first ones.
 */
export function wordsOfDryRun(
  { rows, first, notCalled }: WouldLoad,
  inspect: (value: unknown) => string,
): string {
  const shown = first.map((row) => `  ${inspect(row)}\n`).join("");
  const more = rows > first.length ? `  and ${counted(rows - first.length, "more row")}\n` : "";
  const hooks = notCalled.length === 0 ? "" : ` Not called: ${notCalled.join(", ")}.`;
  return `Dry run: nothing was loaded. It would have loaded ${counted(rows, "row")}` +
    `${rows > 0 ? ":" : "."}\n${shown}${more}${hooks && `${hooks.trim()}\n`}`;
}
