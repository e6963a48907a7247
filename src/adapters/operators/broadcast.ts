import { checkOptions, type OptionTable, type Rule } from "../../options.ts";
import { branchesOf, type BranchLoad } from "./branch.ts";
import { type BranchedLoad, fanOut } from "./fan-out.ts";

/** Options of `broadcast`. */
export interface BroadcastOptions {
  /**
   * Most batches that a branch may have begun and the slowest one lacks, before it waits: 0, 1, 2 and
   * so on. A run has no more batches at its loads than `workers`, which bounds it in any case.
   * @default {Infinity}
   */
  lag?: number | undefined;
}

const wholeOrInfinity: Rule = {
  expected: "a whole number of at least 0, or Infinity",
  test: (value) => value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 0),
};

const table: OptionTable<BroadcastOptions> = { lag: [wholeOrInfinity, Infinity] };
const action = "construct broadcast";

/**
 * Makes one `load` of several, each of which is given all rows. The load is done once all branches
 * have loaded them.
 *
 * Branches of an object have its names, those of an array are called "0", "1" and so on. What is said of
 * `route` about failures, dead letters, the report and sinks holds here too: what one branch has
 * loaded it is not given again, for as long as the run goes on. An item that one branch refuses is a
 * dead letter that names this branch, although the others have loaded it. The load of a sink, if
 * there is but one, comes last: it is named too where it was not begun because of that.
 *
 * A slow branch holds the others back: with `lag: 0` all load the same batch, with `lag: 2` a branch may
 * be two further. A call that was left behind at its deadline holds back none. Give the run as many
 * `workers` as batches are to be at work, at least `lag + 1`.
 *
 * @throws {ConfigurationError} If a branch is not a function, two are loads of one sink, or an
 * option is unknown or breaks its rule. The load throws it in a run whose checkpoints are those of
 * one sink, where a further branch is a sink too.
 *
 * @example A table and a search index
 * ```ts
 * import { etl } from "millrace";
 * import { broadcast } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const table: number[] = [];
 * const index = new Set<number>();
 * const load = broadcast({
 *   table: (rows: number[]) => void table.push(...rows),
 *   index: (rows: number[]) => rows.forEach((row) => index.add(row)),
 * }, { lag: 1 });
 * const pipeline = etl({ name: "numbers", extract: () => [1, 2, 3], load });
 * const report = await pipeline.run({ batchSize: 2, workers: 2 });
 *
 * deepEqual([table, [...index]], [[1, 2, 3], [1, 2, 3]]);
 * deepEqual(report.branches, { table: { given: 3, loaded: 3 }, index: { given: 3, loaded: 3 } });
 * ```
 */
export function broadcast<T>(
  branches:
    | readonly ((rows: T[], context: never) => unknown)[]
    | Readonly<Record<string, (rows: T[], context: never) => unknown>>,
  options: BroadcastOptions = {},
): BranchedLoad<T> {
  const { lag } = checkOptions(action, options, table);
  const named = Array.isArray(branches) ? { ...branches } : branches;
  const all = branchesOf(action, named as Readonly<Record<string, BranchLoad>>);
  return fanOut(all, (rows) => {
    const copy = rows.slice(); // The array itself may be emptied by whoever was given it.
    const places = [...copy.keys()];
    return all.map(({ name }) => ({ name, rows: copy, places }));
  }, lag);
}
