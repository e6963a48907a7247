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

/** Tells a loop that is never made to wait when it should let everything else have a turn. */
export class Yielder {
  #left = 1;
  #step = 1; // Items between two looks at the clock, which is not free.
  #checks = 0;
  #lookedAt: number = performance.now();
  #pausedAt: number = this.#lookedAt;

  /** Who counts items may tell of that many at once. */
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
    const isQuick = now - this.#lookedAt < 1;
    this.#step = isQuick ? Math.min(this.#step * 2, 1024) : Math.max(this.#step >> 1, 1);
    this.#left = this.#step;
    const isMoving = now > this.#lookedAt; // On Workers the clock stands still while code runs.
    this.#lookedAt = now;
    if (now - this.#pausedAt < 20 && (isMoving || ++this.#checks < 64) || !mayPause) return false;
    this.#checks = 0;
    this.#pausedAt = now;
    return true;
  }
}
