import { callable, fail } from "../options.ts";
import { isThenable } from "../runtime/thenable.ts";
import { type CheckpointStore, commitsTo } from "./checkpoint.ts";
import { beginCall, callIn, isRunOn, type LoadCall, withCall } from "./load-call.ts";
import { checkLoadContext, refuseCopy, type SinkLoadContext } from "./load-context.ts";

/**
 * Commits checked rows, and their mark if there is one. It then returns, or promises, a function that
 * takes the mark back, in case a further use is rejected in the same call.
 */
export type Commit = () => unknown;

/**
 * Checks the rows of a load, writes nothing, and returns a function that commits them. `isMarked` is
 * true if the run has checkpoints and the mark must be part of that commit.
 */
export type CheckRows = (
  rows: readonly object[],
  context: SinkLoadContext,
  isMarked: boolean,
) => Commit | PromiseLike<Commit>;

/** A load of a sink. */
export interface SinkLoad {
  /** Writes rows, and the mark that they complete. */
  (rows: readonly object[], context: SinkLoadContext): unknown;
  /** The store whose marks it commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Default number of items in a batch of a run. */
  readonly batchSize: number;
}

/** A load of a sink that returns a promise and never throws. */
export interface AsyncSinkLoad extends SinkLoad {
  /** Writes rows, and the mark that they complete. */
  (rows: readonly object[], context: SinkLoadContext): Promise<void>;
}

/** Function that a wrapped load calls instead of the load of the sink. */
export type StageRows = (rows: readonly object[], context?: SinkLoadContext) => unknown;

/** A function around the load of a sink. */
export type Wrapped = (rows: never[], context: never, load: StageRows) => unknown;

/** Two ways for a pipeline to load with a sink whose rows and mark are one commit. */
export interface SinkLoads {
  /** The `load` of a pipeline. */
  readonly load: SinkLoad;
  /**
   * Makes the `load` of a pipeline from a function. The rows that the function passes to its third
   * argument are committed, together with the mark, once it has returned.
   */
  readonly wrap: (fn: Wrapped) => SinkLoad;
}

const rule = "a function that uses one sink, once per call, if the run has checkpoints " +
  "(write several tables with 'tables' or 'write' of one sink, or give each sink its own " +
  "pipeline; pass a function around a load to 'sink.wrap')";

/**
 * Makes the loads of a sink that commits rows and mark together, from a function that handles its rows.
 * They commit a mark only if a call uses nothing but this one sink. Otherwise a second use would find
 * its items marked, and its rows would never be written.
 *
 * - `load` on its own commits rows and mark.
 * - A function around `load` may have more to do once the rows are committed, so they are committed
 *   without a mark, unless the function declares by `[commitsTo]` that it does no other required work.
 * - `wrap(fn)` returns a load whose rows and mark wait for the end of `fn`.
 * - A second use in the same call is rejected, and the call fails. A mark already stored is taken back.
 * - A copy of `batch.ranges` is also rejected during a run, as it hides the call.
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
      const call = enter(checkpoints, context) ?? beginCall(fn); // Without checkpoints, its own.
      return orLeave(call, () => new WrappedCall(call, context, check).run(fn, rows));
    });
  };
  return { load: declareLoad(checkpoints, load), wrap };
}

/** Links a load to its store, and sets the default number of its rows. */
export function declareLoad<L extends (rows: never, context: never) => unknown>(
  checkpoints: CheckpointStore,
  load: L,
  batchSize: number = 1000,
): L & Pick<SinkLoad, typeof commitsTo | "batchSize"> {
  return Object.assign(load, { [commitsTo]: checkpoints, batchSize });
}

/** Returns the same load, which rejects instead of throwing. */
export function asyncLoad(
  checkpoints: CheckpointStore,
  load: SinkLoad,
  batchSize?: number,
): AsyncSinkLoad {
  const own = async (rows: readonly object[], context: SinkLoadContext): Promise<void> =>
    void await load(rows, context);
  return declareLoad(checkpoints, own, batchSize);
}

/** Returns the call that a load is used in, if the run has checkpoints, and marks it as used. */
function enter(checkpoints: CheckpointStore, context: SinkLoadContext): LoadCall | undefined {
  checkLoadContext(context);
  const { batch, signal, runId } = context;
  if (batch.key === undefined || batch.ranges === undefined) {
    signal?.throwIfAborted();
    return undefined;
  }
  let call = callIn(batch) ?? callIn(batch.ranges);
  if (call?.isUsed) refuseUse(call, "another one"); // Even if it is stopped: its mark may be stored.
  signal?.throwIfAborted();
  if (call === undefined) { // Made by hand: as if a run had called the load of the sink.
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
    call.refusal ??= error; // The caller may not report it.
    throw error;
  }
}

/** Does the work of a call. A failed call has written nothing, and may be tried again. */
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

/** Checked rows, or their error. It can be called any number of times. */
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

/** Commits checked rows, unless they are no longer wanted; returns nothing. */
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

/** Settles, without a value, once rows are checked. */
function settled(checked: Commit | PromiseLike<Commit>): unknown {
  return isThenable(checked) ? Promise.resolve(checked).then(() => {}) : undefined;
}

/** One call of a wrapped load. */
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
