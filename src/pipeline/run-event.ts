import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import type { Checkpoint, FailureStage, RunReport, StageName } from "../report-types.ts";

/** Properties of every event. */
export interface RunEventBase {
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** Unique id of the run. */
  readonly runId: string;
  /** Time of the event: milliseconds since the run began. */
  readonly time: number;
}

/** Times at which a batch went from one stage to the next: milliseconds since the run began. */
export interface BatchTimes {
  /** Time at which it was taken from the bucket. */
  readonly batchedAt: number;
  /** Time at which its transform was done; the same as `batchedAt` without a transform. */
  readonly transformedAt: number;
  /** Time at which its first load began. */
  readonly loadStartedAt: number;
  /** Time at which its last load was done. */
  readonly endedAt: number;
}

/** Event of a run. */
export type RunEvent = RunEventBase & RunEventDetails;

/** Event of a run, without the properties of `RunEventBase`. */
export type RunEventDetails =
  /** The run begins. Nothing was called before. */
  | { readonly type: "run:start" }
  /** A batch is transformed. Not emitted by a pipeline without a transform. */
  | {
    readonly type: "batch:transform";
    /** Place of the batch in the run, from 0. */
    readonly sequence: number;
    /** Place of its first item in the source, from 0. */
    readonly offset: number;
    /** Number of its source items. */
    readonly size: number;
    /** Number of its rows to load. */
    readonly rows: number;
    /** Times at which it went from one stage to the next so far. */
    readonly times: Pick<BatchTimes, "batchedAt" | "transformedAt">;
  }
  /** A batch is finished: its items are loaded, skipped or dead-lettered. */
  | {
    readonly type: "batch:load";
    /** Place of the batch in the run, from 0. */
    readonly sequence: number;
    /** Place of its first item in the source, from 0. */
    readonly offset: number;
    /** Number of its source items. */
    readonly size: number;
    /** Number of its items that were loaded. */
    readonly loaded: number;
    /** Number of its items that the transform skipped. */
    readonly skipped: number;
    /** Number of its items that were dead-lettered. */
    readonly deadLettered: number;
    /** Times at which it went from one stage to the next. */
    readonly times: BatchTimes;
  }
  /** A call failed and is retried after a delay. */
  | {
    readonly type: "batch:retry";
    /** Stage of the call. */
    readonly stage: "transform" | "load";
    /** Place of its batch in the run, from 0. */
    readonly sequence: number;
    /** Number of the attempt that failed; the first is 1. */
    readonly attempt: number;
    /** Time until the next attempt in milliseconds. */
    readonly delay: number;
    /** The error. */
    readonly error: unknown;
  }
  /** The source failed or could not be opened, and is opened again after a delay. */
  | {
    readonly type: "source:retry";
    /** Number of items read before. */
    readonly extracted: number;
    /** Number of the attempt that failed since the last item was read; the first is 1. */
    readonly attempt: number;
    /** Time until the next attempt in milliseconds. */
    readonly delay: number;
    /** The error. */
    readonly error: unknown;
  }
  /** An item was given up on and its dead letter is written. */
  | { readonly type: "item:dead-letter"; readonly sequence: number; readonly letter: DeadLetter }
  /** The store has accepted this checkpoint. */
  | { readonly type: "checkpoint:write"; readonly checkpoint: Checkpoint }
  /** The run drains: the source is cancelled, and items already read are loaded. */
  | { readonly type: "run:drain"; readonly reason: unknown }
  /** The run aborts: the signal of the callbacks aborts, and no further call begins. */
  | { readonly type: "run:abort"; readonly reason: unknown }
  /** A stage has failed for good. */
  | {
    readonly type: "run:failure";
    /** Stage that failed. */
    readonly stage: FailureStage;
    /** The error of each attempt. */
    readonly errors: readonly unknown[];
  }
  /** The run has stalled: no progress for `stallTimeout`. */
  | {
    readonly type: "run:stall";
    /** Stage that the others wait for. */
    readonly stage: StageName;
    /** Time without progress so far, in milliseconds. */
    readonly duration: number;
  }
  /** The function `total` failed, so the total is unknown. */
  | {
    readonly type: "total:failure";
    /** The error. */
    readonly error: unknown;
  }
  /** The source ended before it yielded the expected number of items. */
  | {
    readonly type: "run:short";
    /** Number of items expected. */
    readonly total: number;
    /** Number of items read. */
    readonly extracted: number;
  }
  /** The run is over, and none of its work is still in progress. */
  | { readonly type: "run:end"; readonly report: RunReport };

/** Receives the events of a run. Its exceptions and rejections are ignored. */
export type RunObserver = (event: RunEvent) => unknown;

/**
 * Observers of all runs of a pipeline, whatever their options. It is a member of the pipeline and
 * not an option, so that no other observer replaces it.
 */
export const observedBy: unique symbol = Symbol.for("millrace.observedBy") as typeof observedBy;

/** A pipeline that may have observers of its own. */
export interface Observed {
  /** Called before the observer of the run. */
  readonly [observedBy]?: readonly RunObserver[] | undefined;
}
