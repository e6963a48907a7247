import { CheckpointError, FencedError } from "../errors.ts";
import { onAbort } from "../runtime/signals.ts";
import { setTimer } from "../runtime/timer.ts";
import type { CheckpointStore, Claim } from "./checkpoint.ts";
import { ClaimWatch } from "./claim-watch.ts";
import { sleep } from "../runtime/deadline.ts";
import type { RetrySettings } from "../retry/retry.ts";
import { callStore, isHopeless } from "../retry/store-call.ts";

/** Options of a claim on a key. */
export interface KeyClaimOptions {
  /** Store of the claim. */
  readonly store: CheckpointStore;
  /** The key. */
  readonly key: string;
  /** The run. */
  readonly runId: string;
  /** Time for which it holds without renewal, in milliseconds. */
  readonly lease: number;
  /** Retry rules for calls of the store. */
  readonly retry: RetrySettings;
  /** Once it has aborted, there is no wait before a further call, which is then the last. */
  readonly signal?: AbortSignal;
}

/** Listener of a claim: its checkpoint writer. */
export interface KeyClaimListener {
  /** Called if the claim is lost, or the store returns no claim. */
  onFailure(error: unknown): void;
  /** Called when the key is owned again, after a time in which others could take it. */
  onReturn(): unknown;
}

/**
 * The claim of one run on its key: made, renewed three times in each lease, and released. It decides
 * only which run goes first. The store decides with each write which run may write.
 */
export class KeyClaim {
  readonly #options: KeyClaimOptions;
  readonly #listener: KeyClaimListener;
  readonly #gone: AbortSignal; // Ends calls that are no longer awaited.
  readonly #isKept: boolean; // The store supports claims.
  #mayOwn = false; // The store may hold a claim of this run.
  #isStopped = false;
  #until = 0; // Of the last claim requested.
  #renewedAt = 0; // When the current claim was requested.
  #stopTimer = () => {};
  #renewing: Promise<void> | undefined;

  /** Creates a claim that has not called the store yet. */
  constructor(options: KeyClaimOptions, listener: KeyClaimListener, gone: AbortSignal) {
    this.#options = options;
    this.#gone = gone;
    this.#listener = listener;
    this.#isKept = options.store.claim !== undefined;
  }

  /**
   * Makes the run the owner of the key. While another run holds it, it waits until that claim was not
   * renewed for its whole time.
   *
   * @throws {FencedError} If the other run renews its claim twice in that time, and so is alive; at
   * once if its claim never ends.
   */
  async take(signal: AbortSignal): Promise<void> {
    if (!this.#isKept) return;
    const { key, runId, lease, retry } = this.#options;
    const watch = new ClaimWatch(key, lease);
    for (let over = 0;;) {
      let begin = 0;
      const ask = (signal: AbortSignal) => (begin = performance.now(), this.#ask(over, signal));
      const holder = await callStore(ask, retry, signal, this.#gone);
      signal.throwIfAborted();
      if (holder.runId === runId) {
        this.#renewedAt = begin;
        return this.#renewIn(begin + lease / 3 - performance.now());
      }
      // A store that does not replace an ended claim would be asked for ever.
      if (holder.until <= over) throw new FencedError(key, holder.runId);
      await sleep(watch.look(holder), signal);
      signal.throwIfAborted();
      over = watch.isOver ? holder.until : 0;
    }
  }

  /** Delays writes after the claim has lapsed, until it is known whether another run has come meanwhile. */
  async secure(): Promise<void> {
    if (!this.#isKept || performance.now() - this.#renewedAt <= this.#options.lease) return;
    this.#stopTimer();
    this.#renewing ??= this.#renew();
    await this.#renewing;
  }

  /** Stops the renewals. */
  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
  }

  /** Settles when no renewal is in flight. */
  async settled(): Promise<void> {
    await this.#renewing;
  }

  /** Releases the key, if the run may own it. After a whole lease, others can take it anyway. */
  async release(): Promise<void> {
    const { store, key, runId, lease, retry, signal } = this.#options;
    if (!this.#mayOwn || store.release === undefined) return;
    const late = new AbortController();
    let hasLapsed = false;
    const stopTimer = setTimer(lease, () => {
      hasLapsed = true;
      late.abort();
    });
    const unfollow = onAbort(signal, () => late.abort());
    const give = (signal: AbortSignal) => store.release!(key, runId, signal);
    try {
      await callStore(give, retry, late.signal, this.#gone);
    } catch (error) {
      if (!hasLapsed || isHopeless(error)) throw error; // Otherwise it keeps nobody waiting.
    } finally {
      stopTimer();
      unfollow();
    }
  }

  /**
   * Claims the key or renews the claim, also from a run whose claim is `over`; returns the claim that holds.
   */
  async #ask(over: number, signal: AbortSignal): Promise<Claim> {
    const { store, key, runId, lease } = this.#options;
    this.#mayOwn = true; // Even if the answer is lost.
    // It grows, whatever the clock does.
    const last = Math.max(this.#until, over);
    const until = this.#until = Math.max(Date.now() + lease, last + 1);
    const claim = { runId, until, lease };
    const holder: Partial<Claim> = Object(await store.claim!(key, claim, over, signal));
    const { runId: owner, until: end, lease: time } = holder;
    if (typeof owner !== "string" || typeof end !== "number" || Number.isNaN(end)) {
      throw new CheckpointError(key, "the store returned no claim");
    }
    this.#mayOwn = owner === runId;
    return { runId: owner, until: end, ...(Number(time) > 0 && { lease: Number(time) }) };
  }

  #renewIn(delay: number): void {
    if (this.#isStopped) return;
    this.#stopTimer = setTimer(Math.max(delay, 0), () => void (this.#renewing = this.#renew()));
  }

  async #renew(): Promise<void> {
    const { key, runId, lease } = this.#options;
    const begin = performance.now();
    try {
      const { runId: owner } = await this.#ask(0, this.#gone);
      if (owner !== runId) throw new FencedError(key, owner);
      if (performance.now() - this.#renewedAt > lease) await this.#listener.onReturn();
      this.#renewedAt = begin;
    } catch (error) {
      // A store may be unavailable for a while, and others may take the key. That alone does no harm:
      // the next write or load of a run that is no longer the owner fails.
      if (isHopeless(error)) this.#listener.onFailure(error);
    }
    this.#renewing = undefined;
    this.#renewIn(begin + lease / 3 - performance.now());
  }
}
