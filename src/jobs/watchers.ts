import { sleep } from "../runtime/deadline.ts";
import { onAbort } from "../runtime/signals.ts";
import type { JobWatch, WatchedFor } from "./job-store.ts";

/** Watchers of a job in this process, for a store that sees each change itself. */
export class Watchers {
  readonly #watching = new Map<() => void, WatchedFor>();

  /**
   * Watches for changes and for the end of a lease or delay; `untilNext` returns the milliseconds to
   * the next.
   */
  watch(interest: WatchedFor, untilNext: () => number | Promise<number>): JobWatch {
    let wake = new AbortController();
    const onChange = () => wake.abort();
    this.#watching.set(onChange, interest);
    const changed = async (signal: AbortSignal | undefined) => {
      const unfollow = onAbort(signal, onChange);
      try {
        await sleep(await untilNext(), wake.signal);
      } finally {
        unfollow();
        wake = new AbortController();
      }
    };
    return { changed, close: () => void this.#watching.delete(onChange) };
  }

  /** Wakes the watchers; only those that watch progress, if there is nothing to take. */
  wake(isProgress: boolean): void {
    for (const [onChange, interest] of this.#watching) {
      if (!isProgress || interest === "progress") onChange();
    }
  }
}
