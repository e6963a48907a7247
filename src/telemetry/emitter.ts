import { isThenable } from "../runtime/thenable.ts";
import type { RunEvent, RunEventDetails, RunObserver } from "../pipeline/run-event.ts";

/** Tells what happens. */
export type Emit = (details: RunEventDetails) => void;

/**
 * Notifies the observers of a run, if there are any. Nothing that they do changes the run. The
 * first event is `run:start`, whatever came before, and the last one is `run:end`: calls that nobody waits
 * for may still settle after it.
 */
export function emitterOf(
  observers: readonly RunObserver[],
  pipeline: string,
  runId: string,
  begin: number,
): Emit | undefined {
  if (observers.length === 0) return undefined;
  let held: RunEvent[] | undefined = []; // What happened before the run has begun.
  let isOver = false;
  const tell = (event: RunEvent) => {
    for (const observer of observers) {
      try {
        const answer = observer(event);
        // Nobody waits for it, and what it fails with is the observer's own affair.
        if (isThenable(answer)) Promise.resolve(answer).catch(() => {});
      } catch {
        // Who watches a run must not be able to break it.
      }
    }
  };
  return (details) => {
    if (isOver) return;
    isOver = details.type === "run:end";
    const isStart = details.type === "run:start";
    const event = { pipeline, runId, time: isStart ? 0 : performance.now() - begin, ...details };
    if (held === undefined) return tell(event);
    if (!isStart) return void held.push(event);
    held.unshift(event);
    for (const each of held) tell(each); // It grows if an observer stops the run.
    held = undefined;
  };
}
