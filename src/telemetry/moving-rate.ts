import { perSecond } from "../explain/quantities.ts";

/** Length of a slot in milliseconds, and how many are looked at. */
const slot = 500;
const slots = 10;

/** Rate per second over the last five seconds, in constant memory and without a timer. */
export class MovingRate {
  readonly #counts: number[] = new Array<number>(slots).fill(0);
  readonly #begin: number;
  #current = 0; // The slot that is being filled, counted from the start.
  #end = -Infinity; // Of that slot.

  /** Starts to count. */
  constructor(now: number) {
    this.#begin = now;
  }

  /** Counts some more. */
  add(count: number, now: number): void {
    this.#turnTo(now);
    this.#counts[this.#current % slots]! += count;
  }

  /** The rate, per second; 0 before any time has passed. */
  read(now: number): number {
    this.#turnTo(now);
    const since = now - this.#begin;
    const span = Math.min(since, since - (this.#current - slots + 1) * slot);
    const sum = this.#counts.reduce((total, count) => total + count);
    return perSecond(sum, span);
  }

  /** Empties the slots that have passed. */
  #turnTo(now: number): void {
    if (now < this.#end) return; // Most often.
    const current = Math.floor((now - this.#begin) / slot);
    this.#end = this.#begin + (current + 1) * slot;
    const passed = Math.min(current - this.#current, slots);
    for (let step = 1; step <= passed; step++) this.#counts[(this.#current + step) % slots] = 0;
    this.#current = Math.max(current, this.#current);
  }
}
