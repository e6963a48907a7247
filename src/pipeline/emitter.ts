import { isThenable } from "../thenable.ts";
import type { RunEventDetails, RunObserver } from "./run-event.ts";

/** Tells what happens. */
export type Emit = (details: RunEventDetails) => void;

/** What tells the observer of a run, if there is one. Nothing that it does changes the run. */
export function emitterOf(
  observer: RunObserver | undefined,
  pipeline: string,
  runId: string,
  begin: number,
): Emit | undefined {
  if (observer === undefined) return undefined;
  return (details) => {
    try {
      const answer = observer({ pipeline, runId, time: performance.now() - begin, ...details });
      // Nobody waits for it, and what it fails with is the observer's own affair.
      if (isThenable(answer)) Promise.resolve(answer).catch(() => {});
    } catch {
      // Who watches a run must not be able to break it.
    }
  };
}
