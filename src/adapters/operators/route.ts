import { BatchError } from "../../errors.ts";
import { callable, fail, inWords } from "../../options.ts";
import { branchesOf, type BranchLoad, type Share } from "./branch.ts";
import { type BranchedLoad, fanOut } from "./fan-out.ts";

const action = "construct route";

/**
 * Combines several loads into one `load`, which sends each row to the branch that `nameOf` names. The
 * load is finished when all branches have loaded their rows.
 *
 * - A failure in one branch is retried and bisected in that branch alone. A branch does not receive rows
 *   again that it has loaded in this run. A run that was killed and is repeated may load rows again that
 *   were loaded but not yet marked: each branch has every row at least once.
 * - A dead letter lists the branches that lack its item in `branches`.
 * - The report has the outcome of the rows in each branch in `branches`.
 * - If `nameOf` throws for a row or names no branch, that row alone fails.
 * - One branch may be the load of the sink whose `checkpoints` the run uses. It loads after all others,
 *   and its rows are one commit with the mark. With the option `tables`, all tables of one sink are one
 *   commit. Other branches receive no `key` and no `ranges`, as they have only a part of the batch.
 *
 * @param nameOf Returns the name of the branch for a row; always the same for the same row.
 * @param branches The loads by name: functions, or loads of sinks.
 *
 * @throws {ConfigurationError} If a branch is not a function, or two are loads of one sink. The load
 *   throws it in a run whose checkpoints belong to one sink, if a further branch is also a sink.
 *
 * @example Errors apart from all else
 * ```ts
 * import { etl } from "millrace";
 * import { route } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const [errors, others]: string[][] = [[], []];
 * const load = route((line: string) => line.startsWith("ERROR") ? "errors" : "others", {
 *   errors: (lines: string[]) => void errors.push(...lines),
 *   others: (lines: string[]) => void others.push(...lines),
 * });
 * const extract = () => ["started", "ERROR no disk", "stopped"];
 * const report = await etl({ name: "log", extract, load }).run({ batchSize: 100 });
 *
 * deepEqual([errors, others], [["ERROR no disk"], ["started", "stopped"]]);
 * deepEqual(report.branches, { errors: { given: 1, loaded: 1 }, others: { given: 2, loaded: 2 } });
 * ```
 */
export function route<T, const Branches extends Readonly<Record<string, BranchLoad>>>(
  nameOf: (row: T) => keyof Branches & string,
  branches: Branches,
): BranchedLoad<T> {
  if (!callable.test(nameOf)) fail(action, "nameOf", callable.expected, nameOf);
  const all = branchesOf(action, branches);
  const known = new Set(all.map(({ name }) => name));
  const names = all.map(({ name }) => inWords(name)).join(" or ");
  const check = (row: T): string => {
    const name: string = nameOf(row);
    if (!known.has(name)) fail("route row", "nameOf(row)", names, name);
    return name;
  };
  return fanOut(all, (rows) => split(rows as readonly T[], check));
}

function split<T>(rows: readonly T[], nameOf: (row: T) => string): readonly Share[] {
  const shares = new Map<string, { name: string; rows: T[]; places: number[] }>();
  const failures = new Map<number, unknown>();
  rows.forEach((row, place) => {
    try {
      const name = nameOf(row);
      let share = shares.get(name);
      if (share === undefined) shares.set(name, share = { name, rows: [], places: [] });
      share.rows.push(row);
      share.places.push(place);
    } catch (error) {
      failures.set(place, error);
    }
  });
  if (failures.size > 0) throw new BatchError(failures);
  return [...shares.values()];
}
