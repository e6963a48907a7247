import { checkOptions, type OptionTable, type Rule } from "../../options.ts";
import { branchesOf, type BranchLoad } from "./branch.ts";
import { type BranchedLoad, fanOut } from "./fan-out.ts";

/** Options of `broadcast`. */
export interface BroadcastOptions {
  /**
   * Maximum number of batches that a branch may have begun while the slowest branch lacks them: 0, 1, 2
   * and so on. Beyond it the branch waits. The `workers` of a run limit it in any case, as they limit the
   * batches being loaded.
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
 * Combines several loads into one `load`, which passes all rows to each of them. The load is finished
 * when all branches have loaded the rows.
 *
 * The branches of an object are called by its property names, those of an array "0", "1" and so on.
 * Failures, dead letters, the report and sinks work as in `route`. A branch does not receive rows again
 * that it has loaded, as long as the run lasts. An item that one branch rejects is a dead letter that
 * names this branch, although the others have loaded it. The load of a sink, if there is exactly one,
 * comes last. The dead letter also names it if it was not started for that reason.
 *
 * A slow branch holds the others back. With `lag: 0` all load the same batch; with `lag: 2` a branch may
 * be two batches ahead. A call that was abandoned at its deadline holds back none. Set the run's
 * `workers` to the number of batches to work on at once, at least `lag + 1`.
 *
 * @throws {ConfigurationError} If a branch is not a function, two are loads of one sink, or an option is
 *   unknown or breaks its rule. The load throws it in a run whose checkpoints belong to one sink, if a
 *   further branch is also a sink.
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
