import { sleep } from "../runtime/deadline.ts";
import { onAbort } from "../runtime/signals.ts";
import type { JobWatch, WatchedFor } from "./job-store.ts";

/** Those of this process who watch a job, in a store that sees each change itself. */
export class Watchers {
  readonly #watching = new Map<() => void, WatchedFor>();

  /** Sees each change, and when a lease or a delay is over: `untilNext` gives the milliseconds to the next. */
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

  /** Wakes those who wait; only those who watch how far the job is, if nothing can be taken. */
  wake(isProgress: boolean): void {
    for (const [onChange, interest] of this.#watching) {
      if (!isProgress || interest === "progress") onChange();
    }
  }
}
