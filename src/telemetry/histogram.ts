import type { Latency } from "../report-types.ts";

/** Steps per doubling: a value is told to within 2^(1/16), which is 4.4 %. */
const steps = 8;
/** The smallest value that is told from 0, in milliseconds. */
const min = 2 ** -10;

/**
 * Durations in constant memory: counted in classes whose limits grow by a constant factor, as in an
 * HDR histogram (G. Tene).
 */
export class Histogram {
  readonly #counts: number[] = new Array<number>(steps * 42).fill(0); // Up to 2^32 ms.
  #total = 0;
  #min = Infinity;
  #max = 0;

  /** Counts a duration in milliseconds. */
  record(duration: number): void {
    const slot = duration <= min ? 0 : Math.ceil(Math.log2(duration / min) * steps);
    this.#counts[Math.min(slot, this.#counts.length - 1)]!++;
    this.#total++;
    if (duration < this.#min) this.#min = duration;
    if (duration > this.#max) this.#max = duration;
  }

  /** The durations that 50, 90 and 99 % do not exceed, and the longest; `undefined` without any. */
  read(): Latency | undefined {
    if (this.#total === 0) return undefined;
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => this.#quantile(share));
    return { p50: p50!, p90: p90!, p99: p99!, max: this.#max };
  }

  #quantile(share: number): number {
    let remaining = share * this.#total;
    const slot = this.#counts.findIndex((count) => (remaining -= count) <= 0);
    const middle = slot === 0 ? 0 : min * 2 ** ((slot - 0.5) / steps);
    return Math.max(this.#min, Math.min(middle, this.#max));
  }
}
