import { FencedError } from "../errors.ts";
import type { Claim } from "./checkpoint.ts";

/** The longest time between two looks at a claim, in milliseconds: it may be given back. */
const longestPause = 1000;

/**
 * Watches the claim of another run, and tells when that is over: when it was not renewed for as long
 * as it holds, by the stopwatch of the one who waits. Clocks differ and are set; how long a second
 * takes does not.
 */
export class ClaimWatch {
  readonly #key: string;
  readonly #lease: number;
  #seen: Claim | undefined;
  #end = Infinity; // Of that claim, by the stopwatch.
  #renewals = 0;

  /** Watches nothing yet; a claim that does not tell holds for `lease` milliseconds. */
  constructor(key: string, lease: number) {
    this.#key = key;
    this.#lease = lease;
  }

  /** True if the claim that was seen last is over, unless it was renewed since. */
  get isOver(): boolean {
    return performance.now() >= this.#end;
  }

  /**
   * Takes the claim that holds now, and gives after how many milliseconds to look again.
   *
   * @throws {FencedError} If the other run lives, or its claim is never over.
   */
  look(holder: Claim): number {
    const now = performance.now();
    const { runId, until, lease = this.#lease } = holder;
    const isOther = this.#seen !== undefined && this.#seen.runId !== runId;
    if (until !== this.#seen?.until) {
      // One renewal of a run that has died since may still have been on its way.
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
