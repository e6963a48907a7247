import type { Exhausted } from "../retry/recovery.ts";
import { TaskGroup } from "../streams/task-group.ts";
import { setTimer } from "../runtime/timer.ts";
import type { Equipment } from "./station.ts";

/** Who is told of what runs aside. */
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
  readonly #equipment: Equipment<E, T>;
  readonly #calls: TaskGroup<() => unknown, unknown>;
  #stopWaiting: (() => void) | undefined;

  /** Makes it for a run; nothing runs aside yet. */
  constructor(equipment: Equipment<E, T>, listener: BackgroundCallsListener) {
    this.#equipment = equipment;
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

  /** Tells the source which items failed. */
  reject({ items, errors }: Exhausted): void {
    const { pipeline, context } = this.#equipment;
    if (pipeline.reject === undefined || items.length === 0) return;
    const { signal } = new AbortController(); // That of the run has aborted.
    this.#calls.run(() => pipeline.reject?.(items as E[], errors.at(-1), { ...context, signal }));
  }

  /** Calls back at once if nothing runs, else when its time is up: it was told to stop, or cannot be. */
  wait(onOver: () => void): void {
    if (this.#calls.running === 0) return onOver();
    this.#stopWaiting ??= setTimer(this.#equipment.settings.abortTimeout, onOver);
  }

  /** Nobody waits any longer; no timer is left. */
  stop(): void {
    this.#stopWaiting?.();
  }
}
