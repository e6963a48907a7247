import {
  abortSignal,
  checkOptions,
  type Complete,
  fail,
  finitePositive,
  nonNegative,
  type OptionTable,
  positiveInteger,
} from "../plain-options.ts";
import { isWorkerd } from "../runtime/detect.ts";
import { onAbort } from "../runtime/signals.ts";
import { setTimer } from "../runtime/timer.ts";
import { longestRetryAfter } from "../retry/retry-after.ts";

/** Rate: a number of items in a window of time. */
export interface RateLimiterOptions {
  /** Most items in any window of length `interval`: a positive integer. */
  limit: number;
  /** Length of the window in milliseconds: a finite number above 0. */
  interval: number;
}

/** Options of a wait for a rate limiter. */
export interface AcquireOptions {
  /** Ends the wait: it rejects with the reason of the signal, and uses none of the limit. */
  signal?: AbortSignal | undefined;
}

/** Limit of the pause of a rate limiter. */
export interface PauseOptions {
  /**
   * Longest pause in milliseconds: a number of at least 0. A longer one is shortened to it.
   * @default {86_400_000}
   */
  maxRetryAfter?: number | undefined;
}

const pauseOptions: OptionTable<PauseOptions> = { maxRetryAfter: [nonNegative, longestRetryAfter] };

/** The rule of each option of a rate. */
export const rateLimiterOptions: OptionTable<RateLimiterOptions> = {
  limit: [positiveInteger],
  interval: [finitePositive],
};

const acquireOptions: OptionTable<AcquireOptions> = { signal: [abortSignal] };

/** Items that passed at the same time, or nearly so. */
interface Grant {
  readonly first: number;
  /** Time of the latest of them: all of them count until its window is over. */
  last: number;
  count: number;
}

/** A wait of a caller. */
interface Waiter {
  readonly count: number;
  readonly signal: AbortSignal | undefined;
  resolve(): void;
  reject(reason: unknown): void;
  /** Removes its listener and its timer. */
  unfollow(): void;
  stopTimer(): void;
  /** Time at which its timer fires, on Workers. */
  due: number;
}

/** Time between two checks by a waiter whose turn is near, on Workers, in milliseconds. */
const LOOK = 500;
/** Delay in milliseconds after which a late timer on Workers belongs to a request that is gone. */
const PATIENCE = 50;

/**
 * Lets at most `limit` items pass in any window of length `interval`, wherever the window begins: there
 * is no burst beyond the limit, even after an idle time. First come, first served. An item counts from
 * the moment its caller continues, even if a busy thread delays that.
 *
 * A window is half-open: two items exactly `interval` apart are in different windows. With a `limit`
 * above 1,000, items that pass within a thousandth of the `interval` count as if all had passed with
 * the last one, so that memory stays small.
 *
 * On Workers, requests may share a limiter of their module. Each wait has its own timer, and a request
 * that is gone is noticed within about a second, or a quarter of a longer `interval`. The same holds
 * for a wait ended by its signal; elsewhere, that lets the next one pass at once.
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
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "RateLimiter";

  /** Most items in any window. */
  readonly limit: number;
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly #grain: number; // Grants closer together than this are kept as one.
  readonly #grants: Grant[] = []; // Those whose windows are not over, in the order of time.
  #granted = 0; // Items of all of them, and of those whose callers are about to continue.
  #resumption = 0; // Time at which the pause ends.
  readonly #waiters = new Set<Waiter>(); // In order; a set removes any of them at once.
  /** True if waiters belong to requests, whose timers and promises other requests must not touch. */
  readonly #areApart: boolean;

  /**
   * Creates a limiter that has let nothing pass yet.
   * @throws {ConfigurationError} If an option is missing, unknown or breaks its rule.
   */
  constructor(options: RateLimiterOptions) {
    const { limit, interval } = checkRate("construct RateLimiter", options, rateLimiterOptions);
    this.limit = limit;
    this.interval = interval;
    this.#grain = limit > 1000 ? interval / 1000 : 0;
    this.#areApart = isWorkerd();
  }

  /**
   * Lets `count` items pass now, or returns `false` if they would have to wait, or others wait.
   * @throws {ConfigurationError} If `count` is not a positive integer up to `limit`.
   */
  tryAcquire(count = 1): boolean {
    this.#check(count);
    const now = performance.now();
    if (this.#ahead(undefined, now) > 0 || this.#delay(count, now) > 0) return false;
    this.#granted += count;
    this.#stamp(count);
    return true;
  }

  /**
   * Waits until `count` items may pass, all at once.
   * @throws {ConfigurationError} If `count` is not a positive integer up to `limit`, or an option is
   * unknown or breaks its rule.
   */
  acquire(count = 1, options: AcquireOptions = {}): Promise<void> {
    const acquired = new Promise<void>((resolve, reject) => {
      const { signal } = checkOptions<AcquireOptions, "signal">("acquire", options, acquireOptions);
      this.#check(count);
      const none = () => {};
      const waiter: Waiter = {
        count,
        signal,
        resolve,
        reject,
        unfollow: none,
        stopTimer: none,
        due: Infinity,
      };
      this.#waiters.add(waiter);
      waiter.unfollow = onAbort(signal, () => {
        this.#look(waiter);
        this.#pump();
      });
      if (this.#areApart || this.#waiters.size === 1) this.#look(waiter);
    });
    // Called right before the handlers of the caller: it counts when the caller continues.
    acquired.then(() => this.#stamp(count), () => {});
    return acquired;
  }

  /**
   * Lets nothing pass for `delay` milliseconds, as requested by a service with `Retry-After`, but at
   * most for `maxRetryAfter`: a day by default. Of several pauses, the one that ends last applies.
   * @throws {ConfigurationError} If `delay` is not a finite number of at least 0, or an option is
   * unknown or breaks its rule.
   */
  pause(delay: number, options: PauseOptions = {}): void {
    const { maxRetryAfter } = checkOptions<PauseOptions>("pause", options, pauseOptions);
    if (!(Number.isFinite(delay) && delay >= 0)) {
      fail("pause", "delay", "a finite number of at least 0", delay);
    }
    const end = performance.now() + Math.min(delay, maxRetryAfter);
    this.#resumption = Math.max(this.#resumption, end);
  }

  #check(count: number): void {
    if (positiveInteger.test(count) && count <= this.limit) return;
    fail("acquire", "count", `a positive integer up to ${this.limit}`, count);
  }

  /**
   * Resumes waiters that may pass; the first that may not gets a timer. On Workers, each resumes itself.
   */
  #pump(): void {
    if (this.#areApart) return;
    for (const waiter of this.#waiters) if (!this.#look(waiter)) return;
  }

  /** Ends a wait whose turn has come, or that was abandoned; otherwise sets its timer. */
  #look(waiter: Waiter): boolean {
    const { count, signal } = waiter;
    waiter.stopTimer();
    const now = performance.now();
    const ahead = this.#ahead(waiter, now);
    const delay = this.#delay(ahead + count, now);
    if (!signal?.aborted && (ahead > 0 || delay > 0)) {
      this.#wait(waiter, delay, now);
      return false;
    }
    this.#waiters.delete(waiter);
    waiter.unfollow();
    if (signal?.aborted) waiter.reject(signal.reason);
    else {
      this.#granted += count;
      waiter.resolve();
    }
    return true;
  }

  /** Makes a waiter check again after `delay`. Timers may fire early: then the clock decides. */
  #wait(waiter: Waiter, delay: number, now: number): void {
    this.#waiters.add(waiter); // It may have been dropped as belonging to a request that is gone.
    let time = Math.max(1, Math.round(delay)); // Timers count whole milliseconds.
    if (this.#areApart) {
      const long = Math.max(this.interval, this.#resumption - now); // Checked a few times.
      time = Math.min(time, Math.max(LOOK, long / 8));
      waiter.due = now + time;
    }
    waiter.stopTimer = setTimer(time, () => this.#areApart ? this.#look(waiter) : this.#pump());
  }

  /** Returns the number of items ahead of a waiter, or of a newcomer. Drops waiters that are gone. */
  #ahead(waiter: Waiter | undefined, now: number): number {
    let items = 0;
    for (const other of this.#waiters) {
      if (other === waiter) break;
      if (now - other.due > PATIENCE) this.#waiters.delete(other);
      else items += other.count;
    }
    return items;
  }

  /**
   * Returns the time after which this many items may have passed: 0 if they may now, and never too long.
   */
  #delay(items: number, now: number): number {
    const { limit, interval } = this;
    const grants = this.#grants;
    // A difference, as a sum would lose an `interval` that is tiny beside the clock.
    while (grants.length > 0 && now - grants[0]!.last >= interval) {
      this.#granted -= grants.shift()!.count;
    }
    const rounds = Math.ceil(items / limit) - 1; // Windows filled by those before.
    const pause = Math.max(0, this.#resumption - now) + rounds * interval;
    let excess = this.#granted + items - (rounds + 1) * limit;
    if (excess <= 0) return pause;
    for (const { last, count } of grants) {
      excess -= count;
      if (excess <= 0) return Math.max(pause, interval - (now - last) + rounds * interval);
    }
    return Math.max(pause, (rounds + 1) * interval); // After those about to continue.
  }

  /** Counts items that pass now. */
  #stamp(count: number): void {
    const now = performance.now();
    const latest = this.#grants.at(-1);
    if (latest !== undefined && (now === latest.last || now - latest.first < this.#grain)) {
      latest.last = now;
      latest.count += count;
    } else this.#grants.push({ first: now, last: now, count });
  }
}

/** Checks the options of a rate, which have no defaults, and the options given with them. */
export function checkRate<O extends RateLimiterOptions, Open extends keyof O = never>(
  action: string,
  options: O,
  table: OptionTable<O>,
): Complete<O, Open> {
  const complete = checkOptions<O, Open>(action, options, table);
  for (const name of ["limit", "interval"] as const) {
    if (complete[name] === undefined) fail(action, name, table[name][0].expected, undefined);
  }
  return complete;
}
