import { type CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import { anyObject, callable, fail, type Rule } from "../../options.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";

/** A load that receives a part of the rows, or a copy of them: a function, or the load of a sink. */
export type BranchLoad = (rows: never[], context: never) => unknown;

/** Rows that one branch is to load, each with its place in the call of the load. */
export interface Share {
  /** The name of the branch. */
  readonly name: string;
  /** The rows, in order. */
  readonly rows: readonly unknown[];
  /** For each row its index in the call. */
  readonly places: readonly number[];
}

/** A branch of a load. */
export interface Branch {
  /** Its name in reports, letters and errors. */
  readonly name: string;
  /** Loads the rows it receives. */
  readonly load: (rows: unknown[], context: LoadContext) => unknown;
  /** The store whose marks the branch can commit together with its rows, if it is the load of a sink. */
  readonly store: CheckpointStore | undefined;
  /** Preferred number of rows at a time, if it has one. */
  readonly batchSize: number | undefined;
}

const record: Rule = {
  expected: "an object of loads by name",
  test: (value) => anyObject.test(value) && !Array.isArray(value),
};

/**
 * Checks the branches of a load.
 *
 * @throws {ConfigurationError} If there is no branch, one is not a function, or two are loads of one
 *   sink.
 */
export function branchesOf(action: string, given: Readonly<Record<string, unknown>>): Branch[] {
  if (!record.test(given)) fail(action, "branches", record.expected, given);
  const branches = Object.entries(given).map(([name, load]) => branchOf(action, name, load));
  if (branches.length === 0) fail(action, "branches", record.expected, "an empty object");
  const stores = new Map<CheckpointStore, string>();
  for (const { name, store, load } of branches) {
    if (store === undefined) continue;
    const other = stores.get(store);
    if (other !== undefined) {
      const rule = `the load of a different sink than "${other}" ` +
        "(write several tables with 'tables' or 'write' of one sink, in one commit)";
      fail(action, `branches.${name}`, rule, load);
    }
    stores.set(store, name);
  }
  return branches;
}

function branchOf(action: string, name: string, load: unknown): Branch {
  if (!callable.test(load)) fail(action, `branches.${name}`, callable.expected, load);
  const told = load as Branch["load"] & {
    readonly [commitsTo]?: CheckpointStore;
    readonly batchSize?: number;
  };
  return { name, load: told, store: told[commitsTo], batchSize: told.batchSize };
}
