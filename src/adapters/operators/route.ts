import { BatchError } from "../../errors.ts";
import { callable, fail, inWords } from "../../options.ts";
import { branchesOf, type BranchLoad, type Share } from "./branch.ts";
import { type BranchedLoad, fanOut } from "./fan-out.ts";

const action = "construct route";

/**
 * Makes one `load` of several: each row goes to the branch that `nameOf` names for it. The load is
 * done once all branches have loaded theirs.
 *
 * - What fails in one branch is tried again, and halved, for that branch alone: what another one has
 *   loaded it is not given again in this run. A run that is killed and repeated may load rows again that
 *   were loaded and not yet marked: each branch has every row at least once.
 * - A dead letter has the names of the branches that lack its item, in `branches`.
 * - The report has what became of the rows in each branch, in `branches`.
 * - A row for which `nameOf` throws, or names no branch, fails alone.
 * - One branch may be the load of a sink whose `checkpoints` the run has: it loads after all others,
 *   and its rows are one commit with the mark. All tables of one sink are one commit by its option `tables`.
 *   Other branches are told no `key` and no `ranges`, as theirs is but a part of the batch.
 *
 * @param nameOf Names the branch of a row; always the same for the same row.
 * @param branches The loads by name: functions, or loads of sinks.
 *
 * @throws {ConfigurationError} If a branch is not a function, or two are loads of one sink. The
 * load throws it in a run whose checkpoints are those of one sink, where a further branch is a sink
 * too.
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
