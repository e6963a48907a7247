import {
  abortSignal,
  checkOptions,
  type Complete,
  nonNegative,
  type OptionTable,
  positiveInteger,
  refuse,
} from "../options.ts";
import { follow } from "../signals.ts";
import { after } from "../timer.ts";
import { longestRetryAfter } from "./retry-after.ts";

/** How many items are let through in which time. */
export interface RateLimiterOptions {
  /** Most items in any window of length `interval`: a positive integer. */
  limit: number;
  /** Length of the window in milliseconds: a finite number above 0. */
  interval: number;
}

/** How one waits for a rate limiter. */
export interface AcquireOptions {
  /** Ends the wait: it is rejected with the reason of the signal, and nothing is taken. */
  signal?: AbortSignal | undefined;
}

/** How long a rate limiter may be paused. */
export interface PauseOptions {
  /**
   * Longest pause in milliseconds: a number of at least 0. A longer one is cut to it.
   * @default {86_400_000}
   */
  maxRetryAfter?: number | undefined;
}

const pauseOptions: OptionTable<PauseOptions> = { maxRetryAfter: [nonNegative, longestRetryAfter] };

/** The rule of each option of a rate. */
export const rateLimiterOptions: OptionTable<RateLimiterOptions> = {
  limit: [positiveInteger],
  interval: [{
    words: "a finite number above 0",
    holds: (value) => Number.isFinite(value) && (value as number) > 0,
  }],
};

const acquireOptions: OptionTable<AcquireOptions> = { signal: [abortSignal] };

/** Items that were let through at one time, or nearly so. */
interface Grant {
  readonly first: number;
  /** When the latest of them went: all of them count until its window is over. */
  last: number;
  count: number;
}

/**
 * Lets through at most `limit` items in any window of length `interval`, wherever the window
 * begins: after an idle time too there is no burst beyond the limit. Who comes first goes first.
 *
 * A window is half-open: of two items that go exactly `interval` apart each has its own. With a
 * `limit` above 1,000, items that go within a thousandth of the `interval` count as if all had gone
 * with the last of them, so that memory stays small.
 *
 * @example Two at once, and the third later
 * ```ts
 * import { RateLimiter } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const limiter = new RateLimiter({ limit: 2, interval: 50 });
 * const now = [limiter.tryAcquire(), limiter.tryAcquire(), limiter.tryAcquire()];
 * deepEqual(now, [true, true, false]);
 * await limiter.acquire(); // Up to 50 ms later.
 * ```
 */
export class RateLimiter {
  /** What every copy of this package knows the class by. */
  static readonly millrace: string = "RateLimiter";

  /** Most items in any window. */
  readonly limit: number;
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly #grain: number; // Grants that are not so far apart are kept as one.
  readonly #grants: Grant[] = []; // Those whose windows are not over, in the order of time.
  #granted = 0; // Items of all of them.
  #resumption = 0; // When the pause ends.
  readonly #waiters = new Set<() => number>(); // In order; a set lets go of any at once.
  #stopTimer = () => {};

  /**
   * Makes a limiter that has let nothing through yet.
   * @throws {ConfigurationError} If an option is missing, unknown or breaks its rule.
   */
  constructor(options: RateLimiterOptions) {
    const { limit, interval } = checkRate("construct RateLimiter", options, rateLimiterOptions);
    this.limit = limit;
    this.interval = interval;
    this.#grain = limit > 1000 ? interval / 1000 : 0;
  }

  /**
   * Lets `count` items through now, or gives `false` where they would have to wait, or others wait.
   * @throws {ConfigurationError} If `count` is no positive integer up to `limit`.
   */
  tryAcquire(count = 1): boolean {
    this.#check(count);
    return this.#waiters.size === 0 && this.#take(count) === 0;
  }

  /**
   * Waits until `count` items are let through, all at once.
   * @throws {ConfigurationError} If `count` is no positive integer up to `limit`, or an option is
   * unknown or breaks its rule.
   */
  acquire(count = 1, options: AcquireOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = checkOptions<AcquireOptions, "signal">("acquire", options, acquireOptions);
      this.#check(count);
      let unfollow = () => {};
      /** Ends the wait and gives 0, or gives how long to wait before the next attempt. */
      const attempt = () => {
        const delay = signal?.aborted ? 0 : this.#take(count);
        if (delay > 0) return delay;
        this.#waiters.delete(attempt);
        unfollow();
        if (signal?.aborted) reject(signal.reason);
        else resolve();
        return 0;
      };
      this.#waiters.add(attempt);
      unfollow = follow(signal, () => {
        attempt();
        this.#serve();
      });
      if (this.#waiters.size === 1) this.#serve();
    });
  }

  /**
   * Lets nothing through for `delay` milliseconds, as a service may ask for by `Retry-After`, but no
   * longer than `maxRetryAfter`: a day by default. Of several pauses the one that ends last decides.
   * @throws {ConfigurationError} If `delay` is no finite number of at least 0, or an option is
   * unknown or breaks its rule.
   */
  pause(delay: number, options: PauseOptions = {}): void {
    const { maxRetryAfter } = checkOptions<PauseOptions>("pause", options, pauseOptions);
    if (!(Number.isFinite(delay) && delay >= 0)) {
      refuse("pause", "delay", "a finite number of at least 0", delay);
    }
    const end = performance.now() + Math.min(delay, maxRetryAfter);
    this.#resumption = Math.max(this.#resumption, end);
  }

  #check(count: number): void {
    if (positiveInteger.holds(count) && count <= this.limit) return;
    refuse("acquire", "count", `a positive integer up to ${this.limit}`, count);
  }

  /** Lets go on who may; a timer is set for the first that may not. */
  #serve(): void {
    this.#stopTimer();
    for (const attempt of this.#waiters) {
      const delay = attempt();
      if (delay === 0) continue;
      this.#stopTimer = after(delay, () => this.#serve());
      return;
    }
  }

  /** Lets `count` items through and gives 0, or gives the time after which that may succeed. */
  #take(count: number): number {
    const now = performance.now();
    const grants = this.#grants;
    // A difference, as a sum would lose an `interval` that is tiny beside the clock.
    while (grants.length > 0 && now - grants[0]!.last >= this.interval) {
      this.#granted -= grants.shift()!.count;
    }
    const isFull = this.#granted + count > this.limit;
    const end = isFull ? grants[0]!.last + this.interval : this.#resumption;
    if (!isFull && now >= end) {
      this.#grant(count, now);
      return 0;
    }
    // Timers count whole milliseconds, and one may fire early: the clock decides when it has fired.
    return Math.max(1, Math.round(end - now));
  }

  #grant(count: number, now: number): void {
    this.#granted += count;
    const latest = this.#grants.at(-1);
    if (latest !== undefined && (now === latest.last || now - latest.first < this.#grain)) {
      latest.last = now;
      latest.count += count;
    } else this.#grants.push({ first: now, last: now, count });
  }
}

/** Checks the options of a rate, which have no defaults, and others that are given with them. */
export function checkRate<O extends RateLimiterOptions, Open extends keyof O = never>(
  action: string,
  options: O,
  table: OptionTable<O>,
): Complete<O, Open> {
  const complete = checkOptions<O, Open>(action, options, table);
  for (const name of ["limit", "interval"] as const) {
    if (complete[name] === undefined) refuse(action, name, table[name][0].words, undefined);
  }
  return complete;
}
