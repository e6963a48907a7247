import { CancelledError, isOf, messageOf, PipelineError, propertyOf } from "../errors.ts";
import { shortened } from "../explain/plain-text.ts";
import type { Exhausted } from "../retry/recovery.ts";
import type { FailureStage, RunFailure, RunReport } from "../report-types.ts";
import type { BatchInfo } from "../pipeline/pipeline.ts";

/** A stage that has failed, with what each attempt failed with. */
export interface Failure {
  readonly stage: FailureStage;
  readonly errors: readonly unknown[];
  readonly attempts: number;
  /** Of a call that was made for a batch. */
  readonly batch?: BatchInfo | undefined;
}

/** The failure of a call that was made once, and for no batch. */
export function failureIn(stage: FailureStage, error: unknown): Failure {
  return { stage, errors: [error], attempts: 1 };
}

/** The failure of what was called for a batch, in the stage that it knows better, if it does. */
export function failureOf(
  stage: FailureStage,
  exhausted: Exhausted,
  batch: BatchInfo | undefined,
): Failure {
  const { errors, attempts } = exhausted;
  return { stage: exhausted.stage ?? stage, errors, attempts, batch };
}

/** Gives the report of a run, or throws what it is to reject with. */
export function settle(
  report: RunReport,
  failures: readonly Failure[],
  cancellation: { readonly reason: unknown } | undefined,
  late: readonly unknown[],
): RunReport {
  const [first] = failures;
  if (first !== undefined) {
    const errors = failures.flatMap((failure) => failure.errors);
    const { stage, attempts } = first;
    throw new PipelineError(report.name, stage, errors, { attempts, report });
  }
  if (cancellation === undefined) return report;
  const errors = [...late]; // What fails even later is not to change it.
  throw new CancelledError(report.name, cancellation.reason, { errors, report });
}

/** Longest message in a report, which is to stay small whatever an error has to say. */
const longest = 1000;

/** A failure as the report has it. */
export function describeFailure({ stage, errors, attempts, batch }: Failure): RunFailure {
  const [error] = errors;
  const code = codeOf(error);
  return {
    stage,
    message: shortened(messageOf(error), longest),
    ...(code !== undefined && { code }),
    attempts,
    ...(batch && { batch: { sequence: batch.sequence, offset: batch.offset, size: batch.size } }),
  };
}

/** The code of an error, or of the first of its causes that has one. */
function codeOf(error: unknown): string | number | undefined {
  for (let at = error, depth = 0; Object(at) === at && depth < 99; depth++) {
    const code = propertyOf(at, "code");
    if (typeof code === "string" && code !== "") return code;
    // The numbers of `DOMException` are of old, and say nothing.
    if (typeof code === "number" && !isOf(at, DOMException)) return code;
    at = propertyOf(at, "cause");
  }
  return undefined;
}
