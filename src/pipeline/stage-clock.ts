import type { StageTimes } from "../run-report.ts";

/** How many workers of a stage do something else than to wait for input. */
export interface StageActivity {
  /** They are in the user's code. */
  busy: number;
  /** They wait for the next stage. */
  blocked: number;
  /** They wait before another attempt. */
  backoff: number;
  /** They wait for the rate limit. */
  limited: number;
}

/**
 * Counts where the time of a stage goes. It is told when a worker changes what it does, which costs
 * two or three looks at the clock for a batch and none for an item.
 */
export class StageClock {
  /** What the workers do now. To be changed only between `tick` and the next `tick` or `read`. */
  readonly activity: StageActivity = { busy: 0, blocked: 0, backoff: 0, limited: 0 };
  readonly #times: StageActivity = { busy: 0, blocked: 0, backoff: 0, limited: 0 };
  readonly #workers: number;
  readonly #begin: number;
  #since: number;

  /** Starts the clock of a stage of so many workers, none of which has anything to do yet. */
  constructor(workers: number, now: number) {
    this.#workers = workers;
    this.#begin = this.#since = now;
  }

  /** Counts what the workers did until `now`; what they do from now on is to be set afterwards. */
  tick(now: number): StageActivity {
    const passed = now - this.#since;
    const times = this.#times;
    const activity = this.activity;
    this.#since = now;
    times.busy += passed * activity.busy;
    times.blocked += passed * activity.blocked;
    times.backoff += passed * activity.backoff;
    times.limited += passed * activity.limited;
    return activity;
  }

  /** The times up to `now`. They add up to the time since the start. */
  read(now: number): StageTimes {
    this.tick(now);
    const share = (time: number) => time / this.#workers;
    const { busy, blocked, backoff, limited } = this.#times;
    const rest = share(busy + blocked + backoff + limited);
    return {
      busy: share(busy),
      starved: now - this.#begin - rest,
      blocked: share(blocked),
      ...(backoff > 0 && { backoff: share(backoff) }),
      ...(limited > 0 && { limited: share(limited) }),
    };
  }
}
