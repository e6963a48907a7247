import type { JobWatch, WatchedFor } from "../../jobs/job-store.ts";
import { sleep } from "../../runtime/deadline.ts";
import { onAbort } from "../../runtime/signals.ts";
import type { Listen } from "./database.ts";

/** The channel for the changes of all jobs. */
export const jobChannel = "millrace_job";

/** Settings by which waiters for a change of a job are woken. */
export interface WatchSettings {
  readonly pollInterval: number;
  readonly lease: number;
  /** Listens to the server, if the client supports it. */
  readonly listen: Listen | undefined;
  /** Text of a notification of the job. */
  readonly payload: string;
  /** Returns the milliseconds until the next lease or delay ends; nothing if there is none. */
  readonly untilFree: () => Promise<number | undefined>;
}

/**
 * Wakes waiters by notifications of the server, over one connection for all of them that is only
 * taken while somebody waits. Without it they check at intervals. Nothing reports that a lease is
 * over or that a connection is silent, so all check again when the next lease ends, and once in its
 * time.
 */
export class JobWatches {
  readonly #settings: WatchSettings;
  readonly #watching = new Set<() => void>();
  #link: "none" | "connecting" | "listening" = "none";
  #stopListening: (() => unknown) | undefined;
  #retryAt = -Infinity;

  constructor(settings: WatchSettings) {
    this.#settings = settings;
  }

  open(interest: WatchedFor): JobWatch {
    let wake = new AbortController();
    const onChange = () => wake.abort();
    this.#watching.add(onChange);
    const changed = async (signal: AbortSignal | undefined) => {
      const unfollow = onAbort(signal, onChange);
      try {
        this.#listen();
        if (wake.signal.aborted) return;
        // A query may never end where the server is silent.
        const woken = sleep(this.#settings.lease, wake.signal);
        const delay = await Promise.race([woken, this.#waitOf(interest)]);
        if (delay !== undefined) await sleep(delay, wake.signal);
      } finally {
        unfollow();
        wake.abort(); // Ends what waits for it still.
        wake = new AbortController();
      }
    };
    const close = () => {
      this.#watching.delete(onChange);
      if (this.#watching.size === 0) this.#hangUp();
    };
    return { changed, close };
  }

  /**
   * Returns the time to wait without a notification, in milliseconds. It varies, so that waiters do
   * not all come at once.
   */
  async #waitOf(interest: WatchedFor): Promise<number> {
    const { pollInterval, lease, untilFree } = this.#settings;
    let free = 0;
    if (interest !== "progress" && this.#link === "listening") {
      // What a query fails with is told to who asks for a partition: here nobody is to blame for it.
      free = await untilFree().catch(() => 0) ?? lease;
    }
    return Math.max(0, Math.min(free, lease)) + pollInterval * (0.5 + Math.random());
  }

  #listen(): void {
    const { listen, payload, lease } = this.#settings;
    if (listen === undefined || this.#link !== "none" || performance.now() < this.#retryAt) return;
    this.#link = "connecting";
    let isLost = false;
    const onLost = () => {
      if (isLost) return;
      isLost = true;
      this.#link = "none";
      this.#stopListening = undefined;
      this.#retryAt = performance.now() + lease; // A server that is full is not asked all the time.
      this.#wakeAll();
    };
    const onNotify = (told: string) => void (told === payload && this.#wakeAll());
    listen(jobChannel, { onNotify, onLost }).then((stop) => {
      this.#link = "listening";
      this.#stopListening = stop;
      if (this.#watching.size === 0) this.#hangUp();
      this.#wakeAll(); // Nobody has heard of what came before.
    }).catch(onLost);
  }

  #hangUp(): void {
    if (this.#link !== "listening") return; // It hangs up once it is connected.
    this.#link = "none";
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #wakeAll(): void {
    for (const onChange of this.#watching) onChange();
  }
}
