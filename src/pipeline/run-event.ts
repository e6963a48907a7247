import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import type { Checkpoint, FailureStage, RunReport, StageName } from "../report-types.ts";

/** Properties of every event. */
export interface RunEventBase {
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** The run, told apart from all others. */
  readonly runId: string;
  /** When it happened: milliseconds since the run began. */
  readonly time: number;
}

/** When a batch went from one stage to the next: milliseconds since the run began. */
export interface BatchTimes {
  /** It was taken from the bucket. */
  readonly batchedAt: number;
  /** Its transform was done; the same as `batchedAt` where there is none. */
  readonly transformedAt: number;
  /** Its first load began. */
  readonly loadStartedAt: number;
  /** Its last load was done. */
  readonly endedAt: number;
}

/** Event of a run. */
export type RunEvent = RunEventBase & RunEventDetails;

/** Event of a run, without the run and the time. */
export type RunEventDetails =
  /** The run begins: nothing was called before. */
  | { readonly type: "run:start" }
  /** A batch is transformed; of a pipeline without a transform this is not told. */
  | {
    readonly type: "batch:transform";
    /** Place of the batch in the run, from 0. */
    readonly sequence: number;
    /** Place of its first item in the source, from 0. */
    readonly offset: number;
    /** Items of the source in it. */
    readonly size: number;
    /** Rows that they became, all of which are to be loaded. */
    readonly rows: number;
    /** When it went from one stage to the next so far. */
    readonly times: Pick<BatchTimes, "batchedAt" | "transformedAt">;
  }
  /** A batch is finished: loaded, or in parts loaded and given up on. */
  | {
    readonly type: "batch:load";
    /** Place of the batch in the run, from 0. */
    readonly sequence: number;
    /** Place of its first item in the source, from 0. */
    readonly offset: number;
    /** Items of the source in it. */
    readonly size: number;
    /** Items of it that were loaded. */
    readonly loaded: number;
    /** Items of it that the transform left out. */
    readonly skipped: number;
    /** Items of it that were given up on. */
    readonly deadLettered: number;
    /** When it went from one stage to the next. */
    readonly times: BatchTimes;
  }
  /** A call failed, and is made again after a delay. */
  | {
    readonly type: "batch:retry";
    /** Which call failed. */
    readonly stage: "transform" | "load";
    /** The batch that it was made for. */
    readonly sequence: number;
    /** Which attempt failed; the first is 1. */
    readonly attempt: number;
    /** Time until the next attempt in milliseconds. */
    readonly delay: number;
    /** The error. */
    readonly error: unknown;
  }
  /** The source failed, or could not be opened, and is opened again after a delay. */
  | {
    readonly type: "source:retry";
    /** Items that were read before. */
    readonly extracted: number;
    /** Which attempt failed since the last item that was read; the first is 1. */
    readonly attempt: number;
    /** Time until the next attempt in milliseconds. */
    readonly delay: number;
    /** The error. */
    readonly error: unknown;
  }
  /** An item was given up on, and its letter is written. */
  | { readonly type: "item:dead-letter"; readonly sequence: number; readonly letter: DeadLetter }
  /** The store has this checkpoint. */
  | { readonly type: "checkpoint:write"; readonly checkpoint: Checkpoint }
  /** The source is cancelled, and what was read is loaded. */
  | { readonly type: "run:drain"; readonly reason: unknown }
  /** The callbacks' signal aborts, and no further call begins. */
  | { readonly type: "run:abort"; readonly reason: unknown }
  /** A stage has failed for good. */
  | {
    readonly type: "run:failure";
    /** Where. */
    readonly stage: FailureStage;
    /** With what: the error of each attempt. */
    readonly errors: readonly unknown[];
  }
  /** Nothing has moved for `stallTimeout`. */
  | {
    readonly type: "run:stall";
    /** The stage that everything waits for. */
    readonly stage: StageName;
    /** For how long already, in milliseconds. */
    readonly duration: number;
  }
  /** The function of `total` has failed, so that it is not known. */
  | {
    readonly type: "total:failure";
    /** With what. */
    readonly error: unknown;
  }
  /** The source has ended before it gave as many items as were expected. */
  | {
    readonly type: "run:short";
    /** The items that were expected. */
    readonly total: number;
    /** The items that came. */
    readonly extracted: number;
  }
  /** The run is over, and nothing of it goes on. */
  | { readonly type: "run:end"; readonly report: RunReport };

/** Is told what happens in a run. What it throws or rejects with is left aside. */
export type RunObserver = (event: RunEvent) => unknown;

/**
 * Observer of all runs of a pipeline, whatever their options: a member of the pipeline, and no
 * option, so that no other observer takes its place.
 */
export const observedBy: unique symbol = Symbol.for("millrace.observedBy") as typeof observedBy;

/** A pipeline that may have observers of its own. */
export interface Observed {
  /** They are told before the observer of the run. */
  readonly [observedBy]?: readonly RunObserver[] | undefined;
}
