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

/** Number of items that pass in a window of time. */
export interface RateLimiterOptions {
  /** Most items in any window of length `interval`: a positive integer. */
  limit: number;
  /** Length of the window in milliseconds: a finite number above 0. */
  interval: number;
}

/** Options of a wait for a rate limiter. */
export interface AcquireOptions {
  /** Ends the wait: it is rejected with the reason of the signal, and nothing is taken. */
  signal?: AbortSignal | undefined;
}

/** Limit of the pause of a rate limiter. */
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
  interval: [finitePositive],
};

const acquireOptions: OptionTable<AcquireOptions> = { signal: [abortSignal] };

/** Items that went on at one time, or nearly so. */
interface Grant {
  readonly first: number;
  /** When the latest of them went: all of them count until its window is over. */
  last: number;
  count: number;
}

/** A wait of a caller. */
interface Waiter {
  readonly count: number;
  readonly signal: AbortSignal | undefined;
  resolve(): void;
  reject(reason: unknown): void;
  /** Takes off its listener and its timer. */
  unfollow(): void;
  stopTimer(): void;
  /** When its timer fires, on Workers. */
  due: number;
}

/** Time between two looks of a waiter whose turn is near, on Workers, in milliseconds. */
const LOOK = 500;
/** A timer on Workers that is so late, in milliseconds, is one of a request that is gone. */
const PATIENCE = 50;

/**
 * Lets through at most `limit` items in any window of length `interval`, wherever the window
 * begins: after an idle time too there is no burst beyond the limit. Who comes first goes first.
 * An item counts from the moment its caller goes on, also where a busy thread made that late.
 *
 * A window is half-open: of two items that go exactly `interval` apart each has its own. With a
 * `limit` above 1,000, items that go within a thousandth of the `interval` count as if all had gone
 * with the last of them, so that memory stays small.
 *
 * On Workers, requests may share a limiter of their module: each wait has a timer of its own, and a
 * request that is gone is noticed within about a second, or a quarter of a longer `interval`. So is
 * a wait that was given up by its signal, which elsewhere lets the next one go on at once.
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
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "RateLimiter";

  /** Most items in any window. */
  readonly limit: number;
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly #grain: number; // Grants that are not so far apart are kept as one.
  readonly #grants: Grant[] = []; // Those whose windows are not over, in the order of time.
  #granted = 0; // Items of all of them, and of those whose callers are about to go on.
  #resumption = 0; // When the pause ends.
  readonly #waiters = new Set<Waiter>(); // In order; a set lets go of any at once.
  /** Waiters belong to requests, whose timers and promises nobody else may touch. */
  readonly #areApart: boolean;

  /**
   * Makes a limiter that has let nothing through yet.
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
   * Lets `count` items through now, or gives `false` where they would have to wait, or others wait.
   * @throws {ConfigurationError} If `count` is no positive integer up to `limit`.
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
   * Waits until `count` items are let through, all at once.
   * @throws {ConfigurationError} If `count` is no positive integer up to `limit`, or an option is
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
    // This handler is called right before those of the caller: it counts when the caller goes on.
    acquired.then(() => this.#stamp(count), () => {});
    return acquired;
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
      fail("pause", "delay", "a finite number of at least 0", delay);
    }
    const end = performance.now() + Math.min(delay, maxRetryAfter);
    this.#resumption = Math.max(this.#resumption, end);
  }

  #check(count: number): void {
    if (positiveInteger.test(count) && count <= this.limit) return;
    fail("acquire", "count", `a positive integer up to ${this.limit}`, count);
  }

  /** Lets go on who may; the first who may not gets a timer. On Workers each one does so itself. */
  #pump(): void {
    if (this.#areApart) return;
    for (const waiter of this.#waiters) if (!this.#look(waiter)) return;
  }

  /** Ends a wait whose turn it is, or that was given up; otherwise sets its timer. */
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

  /** Has a waiter look again after so long. Timers may fire early: then the clock decides. */
  #wait(waiter: Waiter, delay: number, now: number): void {
    this.#waiters.add(waiter); // It may have been taken for one of a request that is gone.
    let time = Math.max(1, Math.round(delay)); // Timers count whole milliseconds.
    if (this.#areApart) {
      const long = Math.max(this.interval, this.#resumption - now); // Is looked at a few times.
      time = Math.min(time, Math.max(LOOK, long / 8));
      waiter.due = now + time;
    }
    waiter.stopTimer = setTimer(time, () => this.#areApart ? this.#look(waiter) : this.#pump());
  }

  /** Number of items ahead of a waiter, or of a newcomer. Drops waiters that are gone. */
  #ahead(waiter: Waiter | undefined, now: number): number {
    let items = 0;
    for (const other of this.#waiters) {
      if (other === waiter) break;
      if (now - other.due > PATIENCE) this.#waiters.delete(other);
      else items += other.count;
    }
    return items;
  }

  /** The time after which so many items may have gone: 0 if they may now, and never too long. */
  #delay(items: number, now: number): number {
    const { limit, interval } = this;
    const grants = this.#grants;
    // A difference, as a sum would lose an `interval` that is tiny beside the clock.
    while (grants.length > 0 && now - grants[0]!.last >= interval) {
      this.#granted -= grants.shift()!.count;
    }
    const rounds = Math.ceil(items / limit) - 1; // Of windows that those before fill.
    const pause = Math.max(0, this.#resumption - now) + rounds * interval;
    let excess = this.#granted + items - (rounds + 1) * limit;
    if (excess <= 0) return pause;
    for (const { last, count } of grants) {
      excess -= count;
      if (excess <= 0) return Math.max(pause, interval - (now - last) + rounds * interval);
    }
    return Math.max(pause, (rounds + 1) * interval); // After those who are about to go on.
  }

  /** Counts items that go on now. */
  #stamp(count: number): void {
    const now = performance.now();
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
    if (complete[name] === undefined) fail(action, name, table[name][0].expected, undefined);
  }
  return complete;
}
