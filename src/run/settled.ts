import { CancelledError, PipelineError } from "../errors.ts";
import type { RunReport } from "../report-types.ts";
import type { Failure } from "./failures.ts";

/** Gives the report of a run that was neither stopped from outside nor failed; throws for all others. */
export function settled(
  report: RunReport,
  failures: readonly Failure[],
  cancellation: { readonly reason: unknown } | undefined,
  late: readonly unknown[],
): RunReport {
  const { name } = report;
  const [first] = failures;
  if (first !== undefined) {
    const errors = failures.flatMap((failure) => failure.errors);
    const { stage, attempts } = first;
    throw new PipelineError(name, stage, errors, { attempts, report });
  }
  if (cancellation === undefined) return report;
  const errors = [...late]; // What fails even later is not to change it.
  throw new CancelledError(name, cancellation.reason, { errors, report });
}
