import type { StageTimes } from "../report-types.ts";

/**
 * The time that workers spend on one thing. Costs a comparison while their number stays, and is
 * exact to the last digits of a double, as it only adds up the times of changes.
 */
export class TimeIntegral {
  #count = 0;
  #sum = 0; // The time up to `now` is `#sum + #count * now`.

  /** Number of workers that do it at present. */
  get count(): number {
    return this.#count;
  }

  /** So many do it from `now` on, which counts from the start of the clock. */
  set(count: number, now: number): void {
    if (count === this.#count) return;
    this.#sum -= (count - this.#count) * now;
    this.#count = count;
  }

  /** The time up to `now`, of all workers together. */
  read(now: number): number {
    return this.#sum + this.#count * now;
  }
}

/**
 * Counts where the time of a stage goes. It is told when a worker changes what it does, which costs
 * two or three looks at the clock for a batch and none for an item. Times are since its start.
 */
export class StageClock {
  /** Workers in the user's code. */
  readonly busy: TimeIntegral = new TimeIntegral();
  /** Workers that wait for the next stage. */
  readonly blocked: TimeIntegral = new TimeIntegral();
  /** Workers that wait before another attempt. */
  readonly backoff: TimeIntegral = new TimeIntegral();
  /** Workers that wait for the rate limit. */
  readonly limited: TimeIntegral = new TimeIntegral();
  readonly #workers: number;

  /** Starts the clock of a stage of so many workers, none of which has anything to do yet. */
  constructor(workers: number) {
    this.#workers = workers;
  }

  /** The times up to `now`. They add up to `now`. */
  read(now: number): StageTimes {
    const [busy, blocked, backoff, limited] = [
      this.busy,
      this.blocked,
      this.backoff,
      this.limited,
    ].map((tally) => tally.read(now) / this.#workers) as [number, number, number, number];
    return {
      busy,
      starved: Math.max(0, now - busy - blocked - backoff - limited),
      blocked,
      ...(backoff > 0 && { backoff }),
      ...(limited > 0 && { limited }),
    };
  }
}
