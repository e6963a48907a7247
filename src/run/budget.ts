import { setTimer } from "../runtime/timer.ts";
import type { SourceBatcher } from "../streams/source-batcher.ts";
import type { Extraction } from "./extraction.ts";
import type { FlowListener } from "./run-context.ts";
import type { RunResources } from "./run-resources.ts";

/** What a run may use before it stops by itself. */
export interface Budget {
  /** Stops the run if what is read so far uses it up, and there may be more; tells whether it did. */
  stops(
    extraction: Pick<Extraction<never, never>, "isRunning" | "batches">,
    batcher: Pick<SourceBatcher<unknown>, "accepted" | "batches">,
  ): boolean;
  /** It limits nothing any more, and no timer is left. */
  stop(): void;
}

/**
 * The budget of a run, which reads from now on. It is asked when a batch may have closed, and its time
 * is kept by a timer, at which `onTimeUp` is to ask again, so that nothing is paid for an item. A first
 * batch is always waited for: what a run skips, and the time that this takes, brings it no further.
 */
export function budgetOf<E, T>(
  { settings: { budget }, begin }: RunResources<E, T>,
  now: number,
  listener: Pick<FlowListener, "onUsedUp">,
  onTimeUp: () => void,
): Budget | undefined {
  if (budget === undefined) return undefined;
  const { duration = Infinity, items = Infinity, batches = Infinity } = budget;
  let [isTimeUp, isOver] = [false, false];
  const stopTimer = setTimer(duration - (now - begin), () => {
    isTimeUp = true;
    onTimeUp();
  });
  return {
    stops({ isRunning, batches: taken }, { accepted, batches: { length } }) {
      const closed = taken + length - 1; // The last one is still open.
      const isDue = isTimeUp || accepted >= items || closed >= batches;
      if (isOver || !isRunning || closed === 0 || !isDue) return false;
      isOver = true;
      listener.onUsedUp();
      return true;
    },
    stop: stopTimer,
  };
}
