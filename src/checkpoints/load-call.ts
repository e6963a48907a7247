/**
 * One call of the `load` of a pipeline, as all that take part in it see it: what the load is declared
 * to commit, and which sink has been used in it. Sinks and engine find each other by the symbols,
 * also across copies of the package.
 * @module
 */
import { isThenable } from "../runtime/thenable.ts";
import { type CheckpointStore, commitsTo } from "./checkpoint.ts";

/** Where the ranges of a load, or a batch that was made by hand, have the call that they are told in. */
const callOf: unique symbol = Symbol.for("millrace.loadCall") as typeof callOf;

/** One call of a load. */
export interface LoadCall {
  /** The store whose marks the load says that it commits. */
  readonly store: CheckpointStore | undefined;
  /** A sink was used in it. */
  isUsed: boolean;
  /** No run has told of it: whoever calls has made a context by hand, or a copy of one. */
  readonly isByHand?: boolean;
  /** Error that rejected a further use. The call fails with it, even if someone caught it. */
  refusal?: unknown;
  /** Takes back a mark that was committed, or is being committed, before a further use was refused. */
  undo?: (() => unknown) | undefined;
}

/** Where a store has the runs that keep their checkpoints in it. */
const runsOf: unique symbol = Symbol.for("millrace.runs") as typeof runsOf;

/** Marks an error that rejected a use of a sink which could not see its call. */
const unseen: unique symbol = Symbol.for("millrace.unseenCall") as typeof unseen;

type Used = { readonly [runsOf]?: Set<string> };
type Declared = { readonly [commitsTo]?: CheckpointStore };
type Marked = { readonly [callOf]?: LoadCall };

/** Begins a call of a load. */
export function beginCall(load: object): LoadCall {
  return { store: (load as Declared)[commitsTo], isUsed: false };
}

/** Adds the call to the context of a load: hidden, so that it is not part of the data. */
export function withCall<O extends object>(told: O, call: LoadCall): O {
  if (!Object.isExtensible(told)) return told; // Somebody has made it by hand, and has frozen it.
  return Object.defineProperty(told, callOf, { value: call });
}

/** The call that something was told in. */
export function callIn(told: object | undefined): LoadCall | undefined {
  return (told as Marked | undefined)?.[callOf];
}

/**
 * Lets sinks know that a run keeps its checkpoint in a store: its loads are told which call they are
 * part of, unless what they were told was copied. Gives what ends that.
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

/** Makes a call; if a further use of a sink was refused in it, it fails by that, and marks nothing. */
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

/** The error of a use that was refused, and cannot tell it to the call that it was made in. */
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
