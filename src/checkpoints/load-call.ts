/**
 * One call of the `load` of a pipeline, shared by all its participants: which marks the load is
 * declared to commit, and which sink was used in it. Sinks and engine find each other by the symbols,
 * even across copies of the package.
 * @module
 */
import { isThenable } from "../runtime/thenable.ts";
import { type CheckpointStore, commitsTo } from "./checkpoint.ts";

/** Property of the ranges of a load, or of a batch made by hand, that holds the call. */
const callOf: unique symbol = Symbol.for("millrace.loadCall") as typeof callOf;

/** One call of a load. */
export interface LoadCall {
  /** The store whose marks the load declares to commit. */
  readonly store: CheckpointStore | undefined;
  /** True once a sink was used in it. */
  isUsed: boolean;
  /** True if no run has announced it: the caller made a context by hand, or a copy of one. */
  readonly isByHand?: boolean;
  /** Error that rejected a further use. The call fails with it, even if someone caught it. */
  refusal?: unknown;
  /** Takes back a mark that was committed, or is being committed, before a further use was rejected. */
  undo?: (() => unknown) | undefined;
}

/** Property of a store that holds the runs with checkpoints in it. */
const runsOf: unique symbol = Symbol.for("millrace.runs") as typeof runsOf;

/** Marks an error that rejected the use of a sink whose call was not visible. */
const unseen: unique symbol = Symbol.for("millrace.unseenCall") as typeof unseen;

type Used = { readonly [runsOf]?: Set<string> };
type Declared = { readonly [commitsTo]?: CheckpointStore };
type Marked = { readonly [callOf]?: LoadCall };

/** Begins a call of a load. */
export function beginCall(load: object): LoadCall {
  return { store: (load as Declared)[commitsTo], isUsed: false };
}

/** Adds the call to the context of a load. It is hidden, so that it is not part of the data. */
export function withCall<O extends object>(told: O, call: LoadCall): O {
  if (!Object.isExtensible(told)) return told; // It was made by hand and frozen.
  return Object.defineProperty(told, callOf, { value: call });
}

/** Returns the call that a context belongs to. */
export function callIn(told: object | undefined): LoadCall | undefined {
  return (told as Marked | undefined)?.[callOf];
}

/**
 * Announces to sinks that a run keeps its checkpoint in a store: its loads can see their call, unless
 * their context was copied. Returns a function that ends this.
 */
export function beginRun(store: object, runId: string): () => void {
  if (!Object.isExtensible(store)) return () => {};
  if ((store as Used)[runsOf] === undefined) {
    Object.defineProperty(store, runsOf, { value: new Set() });
  }
  const runs = (store as Used)[runsOf]!;
  runs.add(runId);
  return () => void runs.delete(runId);
}

/** Returns true if a run is in progress that keeps its checkpoint in a store. */
export function isRunOn(store: object, runId: string): boolean {
  return (store as Used)[runsOf]?.has(runId) === true;
}

/**
 * Makes a call. If a further use of a sink was rejected in it, it fails with that error and marks nothing.
 */
export function makeCall(call: LoadCall, load: () => unknown): unknown {
  let result: unknown;
  try {
    result = load();
  } catch (error) {
    return fail(call, error);
  }
  const check = () => "refusal" in call ? fail(call, call.refusal) : result;
  if (!isThenable(result)) return check();
  return Promise.resolve(result).then(check, (error) => fail(call, error));
}

/** Marks the error of a rejected use that cannot be recorded in its call. */
export function asUnseen(error: Error): Error {
  return Object.defineProperty(error, unseen, { value: true });
}

function fail(call: LoadCall, error: unknown): unknown {
  if (error instanceof Error && unseen in error) call.refusal ??= error;
  if (!("refusal" in call)) throw error;
  const end = () => {
    throw call.refusal;
  };
  const undone = call.undo?.();
  return isThenable(undone) ? Promise.resolve(undone).then(end, end) : end();
}
