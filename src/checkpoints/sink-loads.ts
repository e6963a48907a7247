import { callable, fail } from "../options.ts";
import { isThenable } from "../runtime/thenable.ts";
import { type CheckpointStore, commitsTo } from "./checkpoint.ts";
import { beginCall, callIn, isRunOn, type LoadCall, withCall } from "./load-call.ts";
import { checkLoadContext, refuseCopy, type SinkLoadContext } from "./load-context.ts";

/**
 * Commits rows that were checked, and their mark where there is one: then it gives, or promises, what
 * takes the mark back, in case that a further use is refused in the same call.
 */
export type Commit = () => unknown;

/**
 * Checks the rows of a load, writes nothing, and gives what commits them. Where the run has
 * checkpoints it is told whether the mark has to be part of that commit.
 */
export type CheckRows = (
  rows: readonly object[],
  context: SinkLoadContext,
  isMarked: boolean,
) => Commit | PromiseLike<Commit>;

/** A load of a sink. */
export interface SinkLoad {
  /** Writes rows, and what they complete. */
  (rows: readonly object[], context: SinkLoadContext): unknown;
  /** The store whose marks it commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Items in a batch of a run whose options say no other number. */
  readonly batchSize: number;
}

/** A load of a sink that gives a promise, and throws nothing. */
export interface AsyncSinkLoad extends SinkLoad {
  /** Writes rows, and what they complete. */
  (rows: readonly object[], context: SinkLoadContext): Promise<void>;
}

/** Function that a wrapped load calls in place of the load of the sink. */
export type StageRows = (rows: readonly object[], context?: SinkLoadContext) => unknown;

/** A function around the load of a sink. */
export type Wrapped = (rows: never[], context: never, load: StageRows) => unknown;

/** The two ways in which a pipeline can load by a sink whose rows and mark are one commit. */
export interface SinkLoads {
  /** The `load` of a pipeline. */
  readonly load: SinkLoad;
  /**
   * Makes the `load` of a pipeline of a function: the rows that it gives to its third argument are
   * committed, together with the mark, once it has returned.
   */
  readonly wrap: (fn: Wrapped) => SinkLoad;
}

const rule = "a function that uses one sink, once per call, if the run has checkpoints " +
  "(write several tables with 'tables' or 'write' of one sink, or give each sink its own " +
  "pipeline; pass a function around a load to 'sink.wrap')";

/**
 * Makes the loads of a sink that commits rows and mark together, by what it can do with rows. They
 * see to it that a mark is committed only where nothing but this one sink is used for it: a second
 * use would find its items marked, and its rows would never be written.
 *
 * - `load` as it is commits rows and mark.
 * - A function around it is not known to be done when its rows are committed, so these are committed
 *   without a mark, unless it says by `[commitsTo]` that it does nothing else that has to be done.
 * - `wrap(fn)` gives a load whose rows and mark wait for the end of `fn`.
 * - A second use in the same call is refused, and the call fails. A mark that is there is taken back.
 * - So is a copy of `batch.ranges` while the run goes on: by it the call cannot be seen.
 *
 * @example A sink that has its rows in a list
 * ```ts
 * import { etl, MemoryCheckpointStore } from "millrace";
 * import { sinkLoads } from "millrace/checkpoint";
 * import { deepEqual } from "node:assert/strict";
 *
 * const list: object[] = [];
 * const { wrap } = sinkLoads(new MemoryCheckpointStore(), (rows) => () => void list.push(...rows));
 * const load = wrap(async (rows: { id: number }[], _context, load) => {
 *   await load(rows.filter(({ id }) => id > 1));
 *   deepEqual(list, []); // Until this function has returned.
 * });
 * await etl({ name: "list", extract: () => [{ id: 1 }, { id: 2 }], load }).run({ batchSize: 2 });
 * deepEqual(list, [{ id: 2 }]);
 * ```
 */
export function sinkLoads(checkpoints: CheckpointStore, check: CheckRows): SinkLoads {
  const load = (rows: readonly object[], context: SinkLoadContext): unknown => {
    const call = enter(checkpoints, context);
    const isMarked = call?.store !== undefined;
    return orLeave(call, () => commitIn(call, context, check(rows, context, isMarked)));
  };
  const wrap = (fn: Wrapped): SinkLoad => {
    if (!callable.test(fn)) fail("wrap a load", "fn", callable.expected, fn);
    return declareLoad(checkpoints, (rows: readonly object[], context: SinkLoadContext) => {
      const call = enter(checkpoints, context) ?? beginCall(fn); // Without checkpoints its own.
      return orLeave(call, () => new WrappedCall(call, context, check).run(fn, rows));
    });
  };
  return { load: declareLoad(checkpoints, load), wrap };
}

/** Links a load to its store, and says how many rows it is given where no option says otherwise. */
export function declareLoad<L extends (rows: never, context: never) => unknown>(
  checkpoints: CheckpointStore,
  load: L,
  batchSize: number = 1000,
): L & Pick<SinkLoad, typeof commitsTo | "batchSize"> {
  return Object.assign(load, { [commitsTo]: checkpoints, batchSize });
}

/** The same load, which rejects where it would throw. */
export function asyncLoad(
  checkpoints: CheckpointStore,
  load: SinkLoad,
  batchSize?: number,
): AsyncSinkLoad {
  const own = async (rows: readonly object[], context: SinkLoadContext): Promise<void> =>
    void await load(rows, context);
  return declareLoad(checkpoints, own, batchSize);
}

/** Takes the call that a load is used in, where the run has checkpoints. */
function enter(checkpoints: CheckpointStore, context: SinkLoadContext): LoadCall | undefined {
  checkLoadContext(context);
  const { batch, signal, runId } = context;
  if (batch.key === undefined || batch.ranges === undefined) {
    signal?.throwIfAborted();
    return undefined;
  }
  let call = callIn(batch) ?? callIn(batch.ranges);
  if (call?.isUsed) refuseUse(call, "another one"); // Also where it is stopped: its mark may be there.
  signal?.throwIfAborted();
  if (call === undefined) { // Made by hand: as if the load of the sink had been called by a run.
    if (isRunOn(checkpoints, runId)) refuseCopy();
    call = { store: checkpoints, isUsed: false, isByHand: true };
    withCall(batch, call);
  }
  call.isUsed = true;
  return call;
}

function refuseUse(call: LoadCall, use: string): never {
  try {
    return fail("load rows", "load", rule, use);
  } catch (error) {
    call.refusal ??= error; // Whoever has called may not tell it.
    throw error;
  }
}

/** A call that failed has written nothing, and may be tried again. */
function orLeave(call: LoadCall | undefined, work: () => unknown): unknown {
  const leave = (error: unknown): never => {
    if (call !== undefined) call.isUsed = false;
    throw error;
  };
  try {
    const result = work();
    return isThenable(result) ? Promise.resolve(result).then(() => {}, leave) : result;
  } catch (error) {
    return leave(error);
  }
}

/** Rows that are checked, or what is wrong with them, to be asked for any number of times. */
type Staged = () => Commit | PromiseLike<Commit>;

function stage(check: () => Commit | PromiseLike<Commit>, onFailure: () => void): Staged {
  try {
    const checked = check();
    if (!isThenable(checked)) return () => checked;
    const promise = Promise.resolve(checked);
    promise.catch(onFailure);
    return () => promise;
  } catch (error) {
    onFailure();
    return () => {
      throw error;
    };
  }
}

/** Commits rows that are checked, unless they are no longer wanted; gives nothing. */
function commitIn(
  call: LoadCall | undefined,
  { signal }: SinkLoadContext,
  checked: Commit | PromiseLike<Commit>,
): unknown {
  const run = (commit: Commit) => {
    signal?.throwIfAborted();
    if (call !== undefined && "refusal" in call) throw call.refusal;
    return commit();
  };
  const undo = isThenable(checked) ? Promise.resolve(checked).then(run) : run(checked);
  const takeBack = (undo: unknown) => typeof undo === "function" ? undo() : undefined;
  if (call !== undefined) {
    call.undo = () => isThenable(undo) ? Promise.resolve(undo).then(takeBack) : takeBack(undo);
  }
  return isThenable(undo) ? Promise.resolve(undo).then(() => {}) : undefined;
}

/** Settles once rows are checked, with nothing. */
function settled(checked: Commit | PromiseLike<Commit>): unknown {
  return isThenable(checked) ? Promise.resolve(checked).then(() => {}) : undefined;
}

/** One call of a load that was wrapped. */
class WrappedCall {
  readonly #call: LoadCall;
  readonly #context: SinkLoadContext;
  readonly #check: CheckRows;
  #staged: Staged | undefined;
  #takes: "the first" | "another one" | "a late one" = "the first";

  constructor(call: LoadCall, context: SinkLoadContext, check: CheckRows) {
    this.#call = call;
    this.#context = context;
    this.#check = check;
  }

  run(fn: Wrapped, rows: readonly object[]): unknown {
    const call = fn as (
      rows: readonly object[],
      context: SinkLoadContext,
      load: StageRows,
    ) => unknown;
    const result = call(rows, this.#context, (rows) => this.#stage(rows));
    return isThenable(result) ? Promise.resolve(result).then(() => this.#end()) : this.#end();
  }

  #stage(rows: readonly object[]): unknown {
    if (this.#takes !== "the first") refuseUse(this.#call, this.#takes);
    this.#takes = "another one";
    const check = () => this.#check(rows, this.#context, true);
    this.#staged = stage(check, () => {
      if (this.#takes === "another one") this.#takes = "the first";
    });
    return settled(this.#staged());
  }

  #end(): unknown {
    this.#takes = "a late one";
    if ("refusal" in this.#call) throw this.#call.refusal;
    this.#staged ??= () => this.#check([], this.#context, true);
    return commitIn(this.#call, this.#context, this.#staged());
  }
}
