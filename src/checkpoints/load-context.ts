import { fail } from "../options.ts";
import type { BranchCounts, DoneRange, FinishedCounts, TableCounts } from "../report-types.ts";
import type { Deliveries } from "./deliveries.ts";
import { asUnseen } from "./load-call.ts";

/** Part of the context of every `load` that a sink needs. */
export interface SinkLoadContext {
  /** Id of the run. */
  readonly runId: string;
  /** Aborts when the load must stop: nothing may be written any more. */
  readonly signal?: AbortSignal | undefined;
  /** The batch. */
  readonly batch: {
    /** Number of the attempt; the first is 1. */
    readonly attempt: number;
    /** The key of the checkpoint, if the run has checkpoints. */
    readonly key?: string | undefined;
    /** Ranges of the source that the load completes, if the run has checkpoints. */
    readonly ranges?: readonly DoneRange[] | undefined;
    /** Fate of the items of `ranges`, if the run has checkpoints. */
    readonly counts?: FinishedCounts | undefined;
    /** The deliveries that the load finishes, if the source has ids. */
    readonly deliveries?: Deliveries | undefined;
  };
  /** Called after the commit with the values that had no column: rows by column. */
  drift?(counts: Readonly<Record<string, number>>): void;
  /** Called after the commit with the outcome of rows, by table. */
  wrote?(counts: Readonly<Record<string, TableCounts>>): void;
  /** Called with the outcome of rows by branch, if the load has several. */
  branched?(counts: Readonly<Record<string, BranchCounts>>): void;
}

/** Rejects a missing context, as from a custom `load` that calls the load of a sink with the rows alone. */
export function checkLoadContext(context: SinkLoadContext): void {
  if (context?.batch) return;
  const rule = "the context of a load (pass it on as the second argument)";
  fail("load rows", "context", rule, context);
}

/** Rejects a context that hides whether one load of a run uses two sinks. */
export function refuseCopy(): never {
  const rule =
    "the context that the run passed to its load, or a copy with the same 'batch.ranges' object: " +
    "otherwise nobody notices that one load uses two sinks, and rows would be left out " +
    "(write several tables with 'tables' or 'write' of one sink, or give each sink its own " +
    "pipeline; pass a function around a load to 'sink.wrap')";
  try {
    return fail("load rows", "context", rule, "a copy");
  } catch (error) {
    throw asUnseen(error as Error); // Marks of the same call must be taken back.
  }
}
