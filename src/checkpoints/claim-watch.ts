import { FencedError } from "../errors.ts";
import type { Claim } from "./checkpoint.ts";

/** Longest time between two checks of a claim, in milliseconds: it may be released. */
const longestPause = 1000;

/**
 * Watches the claim of another run until it is over, as it was not renewed for its whole time, by the
 * stopwatch of the waiting run. Clocks differ and can be set; the length of a second does not change.
 */
export class ClaimWatch {
  readonly #key: string;
  readonly #lease: number;
  #seen: Claim | undefined;
  #end = Infinity; // Of that claim, by the stopwatch.
  #renewals = 0;

  /** Creates a watch of nothing yet. A claim without its own lease holds for `lease` milliseconds. */
  constructor(key: string, lease: number) {
    this.#key = key;
    this.#lease = lease;
  }

  /** True if the last claim seen is over, unless it was renewed since. */
  get isOver(): boolean {
    return performance.now() >= this.#end;
  }

  /**
   * Checks the claim that holds now, and returns the milliseconds until the next check.
   *
   * @throws {FencedError} If the other run is alive, or its claim never ends.
   */
  look(holder: Claim): number {
    const now = performance.now();
    const { runId, until, lease = this.#lease } = holder;
    const isOther = this.#seen !== undefined && this.#seen.runId !== runId;
    if (until !== this.#seen?.until) {
      // One renewal of a run that has since died may still have been in flight.
      if (this.#seen !== undefined) this.#renewals++;
      this.#seen = holder;
      this.#end = now + lease;
    }
    const isEndless = until === Infinity || lease === Infinity;
    if (isOther || isEndless || this.#renewals > 1) throw new FencedError(this.#key, runId);
    // Timers take integers.
    return Math.max(Math.ceil(Math.min(this.#end - now, lease / 3, longestPause)), 0);
  }
}
