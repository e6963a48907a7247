import { Recovery, type Work } from "../retry/recovery.ts";
import type { Batch } from "./batch.ts";
import { mayGiveUp, type RunContext } from "./run-context.ts";

/** Returns the rules for a failed call for a batch, by the options of the run. */
export function recoveryOf<E, T, R>(
  run: RunContext<E, T>,
  batch: Batch<E, T>,
  stage: "transform" | "load",
  isDivisible: boolean,
  work: Work<R>,
): Recovery<R> {
  const { settings: { retry, isolate, isolationBudget }, deadLetterWriter, context } = run;
  const isolates = isolate === "bisect";
  return new Recovery(work, {
    retry: retry[stage],
    mayGiveUp: mayGiveUp(run),
    gathersLetters: deadLetterWriter?.gathers,
    isDivisible,
    isolates,
    isolationBudget,
    // Unless the user tells what may pass.
    blamesTimeouts: stage === "transform" && retry.transform.isRetriable === undefined,
  }, {
    get isStopped() {
      return run.isStopped;
    },
    signal: context.signal,
    onRetry: (error, attempt, delay) => run.onRetry(batch, { stage, error, attempt, delay }),
  });
}
