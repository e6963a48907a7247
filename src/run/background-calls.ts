import { rangesOfIndices } from "../checkpoints/offset-tracker.ts";
import type { Batch } from "./batch.ts";
import type { Exhausted } from "../retry/recovery.ts";
import { TaskGroup } from "../streams/task-group.ts";
import { setTimer } from "../runtime/timer.ts";
import type { RunResources } from "./run-resources.ts";

/** Listener of the calls in the background. */
export interface BackgroundCallsListener {
  /** A call of `reject` has failed. */
  onFailure(error: unknown): void;
  /** A call has settled. */
  onSettled(): void;
}

/**
 * Calls that hold no worker: of `reject`, and those that did not heed their deadline. A run waits
 * for them at its end, but not for ever.
 */
export class BackgroundCalls<E, T> {
  readonly #resources: RunResources<E, T>;
  readonly #calls: TaskGroup<() => unknown, unknown>;
  #stopWaiting: (() => void) | undefined;

  /** Makes it for a run; nothing runs in the background yet. */
  constructor(resources: RunResources<E, T>, listener: BackgroundCallsListener) {
    this.#resources = resources;
    this.#calls = new TaskGroup(Infinity, {
      call: (call) => call(),
      done: () => listener.onSettled(),
      failed: (_, error) => listener.onFailure(error),
    });
  }

  /** Takes a call that goes on although nobody waits for it. */
  add(settled: Promise<unknown>): void {
    this.#calls.run(() => settled);
  }

  /** Tells the source which items of a batch failed. */
  reject({ items, errors }: Exhausted, batch: Batch<E, T> | undefined): void {
    const { pipeline, context } = this.#resources;
    if (pipeline.reject === undefined || items.length === 0) return;
    const { signal } = new AbortController(); // That of the run has aborted.
    let index = -1;
    const indices = items.map((item) => {
      while (++index < batch!.items.length && !Object.is(batch!.items[index], item)); // NaN too.
      return index;
    });
    const ranges = rangesOfIndices(batch!.ranges, indices).map(([from, to]) => [from, to] as const);
    const told = { ...context, signal, ranges };
    this.#calls.run(() => pipeline.reject?.(items as E[], errors.at(-1), told));
  }

  /** Calls back at once if nothing runs, else when its time is up: it was told to stop, or cannot be. */
  wait(onOver: () => void): void {
    if (this.#calls.running === 0) return onOver();
    this.#stopWaiting ??= setTimer(this.#resources.settings.abortTimeout, onOver);
  }

  /** Nobody waits any longer; no timer is left. */
  stop(): void {
    this.#stopWaiting?.();
  }
}
