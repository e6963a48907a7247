/**
 * Lets everything else have a turn: timers, I/O, other requests. `await` on settled promises never does.
 *
 * Uses `setImmediate` where the runtime has one (Node, Deno, Bun), which takes microseconds, where
 * `setTimeout` takes a millisecond or more.
 */
export function nextMacrotask(): Promise<void> {
  const { setImmediate = setTimeout } = globalThis as { setImmediate?: (run: () => void) => void };
  return new Promise((resolve) => void setImmediate(resolve));
}

// What a loop that is never made to wait does between two pauses. A look at the clock costs as much as
// some items: bench/overhead.ts shows what is paid for it, bench/latency.ts what waits meanwhile.

/** Items or writes that are handled without a look at the clock. */
export const ITEMS_WITHOUT_LOOK = 16;

const LONGEST_TURN = 20; // Milliseconds, after which everything else has one.
const LOOK_INTERVAL = 1; // Milliseconds between two looks: the items between them are fitted to it.
const MAX_STEP = 1024; // Items between two looks, as those that come may take longer.
const MAX_STILL_LOOKS = 64; // On Workers the clock stands still while code runs.

/** Tells a loop that is never made to wait when it should let everything else have a turn. */
export class Yielder {
  #left = 1;
  #step = 1; // Items between two looks at the clock, which is not free.
  #stillLooks = 0; // Since the last pause.
  #lookedAt: number = performance.now();
  #pausedAt: number = this.#lookedAt;

  /** Number of items that may be counted in one step. */
  get step(): number {
    return this.#step;
  }

  /** Counts `items` more; true when it is time for `nextMacrotask`. */
  isDue(items = 1): boolean {
    this.#left -= items;
    return this.#left <= 0 && this.#look(true);
  }

  /** Counts `items` more where there can be no pause: one that is due is still due the next time. */
  count(items: number): void {
    this.#left -= items;
    if (this.#left <= 0) this.#look(false);
  }

  #look(mayPause: boolean): boolean {
    const now = performance.now();
    const isQuick = now - this.#lookedAt < LOOK_INTERVAL;
    this.#step = isQuick ? Math.min(this.#step * 2, MAX_STEP) : Math.max(this.#step >> 1, 1);
    this.#left = this.#step;
    const isStill = now <= this.#lookedAt && ++this.#stillLooks >= MAX_STILL_LOOKS;
    this.#lookedAt = now;
    const isDue = isStill || now - this.#pausedAt >= LONGEST_TURN;
    if (!isDue || !mayPause) return false;
    this.#stillLooks = 0;
    this.#pausedAt = now;
    return true;
  }
}
