import type { StageTimes } from "../run-report.ts";

/**
 * Counts where the time of a stage goes. It is told when a worker changes what it does, which costs
 * two or three looks at the clock for a batch and none for an item.
 */
export class StageClock {
  readonly #workers: number;
  readonly #begin: number;
  #since: number;
  #atWork = 0;
  #held = 0;
  #busy = 0;
  #blocked = 0;

  /** Starts the clock of a stage of so many workers, none of which has anything to do yet. */
  constructor(workers: number, now: number) {
    this.#workers = workers;
    this.#begin = this.#since = now;
  }

  /** From `now` on, `atWork` workers are busy, `held` wait for the next stage, and the rest for input. */
  set(atWork: number, held: number, now: number): void {
    const passed = now - this.#since;
    this.#since = now;
    this.#busy += passed * this.#atWork;
    this.#blocked += passed * this.#held;
    this.#atWork = atWork;
    this.#held = held;
  }

  /** The times up to `now`. They add up to the time since the start. */
  read(now: number): StageTimes {
    this.set(this.#atWork, this.#held, now);
    const busy = this.#busy / this.#workers;
    const blocked = this.#blocked / this.#workers;
    return { busy, starved: now - this.#begin - busy - blocked, blocked };
  }
}
