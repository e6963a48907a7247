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
  /** Where it is kept. */
  readonly store: CheckpointStore;
  /** The key. */
  readonly key: string;
  /** The run. */
  readonly runId: string;
  /** Time that it holds without being renewed, in milliseconds. */
  readonly lease: number;
  /** When a call of the store that failed is made again. */
  readonly retry: RetrySettings;
  /** Once it has aborted, nothing is waited for before a further call, which is then the last. */
  readonly signal?: AbortSignal;
}

/** Listener of a claim: the checkpoint writer that it is part of. */
export interface KeyClaimListener {
  /** The claim is lost, or the store gives no claim. */
  onFailure(error: unknown): void;
  /** The key is owned again, after a time in which others could take it. */
  onReturn(): unknown;
}

/**
 * The claim of one run on its key: made, renewed three times in each lease, and given back. It decides
 * only who goes first. Who may write is decided by the store with each write.
 */
export class KeyClaim {
  readonly #options: KeyClaimOptions;
  readonly #listener: KeyClaimListener;
  readonly #gone: AbortSignal; // Ends calls that nobody waits for any more.
  readonly #isKept: boolean; // The store knows claims.
  #mayOwn = false; // The store may hold a claim of this run.
  #isStopped = false;
  #until = 0; // Of the claim that was asked for last.
  #renewedAt = 0; // When the claim that holds was asked for.
  #stopTimer = () => {};
  #renewing: Promise<void> | undefined;

  /** Makes a claim that nothing was asked for yet. */
  constructor(options: KeyClaimOptions, listener: KeyClaimListener, gone: AbortSignal) {
    this.#options = options;
    this.#gone = gone;
    this.#listener = listener;
    this.#isKept = options.store.claim !== undefined;
  }

  /**
   * Makes the run the owner of the key. While another run holds it, it waits until that claim was not
   * renewed for as long as it holds.
   *
   * @throws {FencedError} If the other run has renewed its claim twice by then, and so lives; at once
   * if that claim is never over.
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
      // A store that does not give what is over would be asked for ever.
      if (holder.until <= over) throw new FencedError(key, holder.runId);
      await sleep(watch.look(holder), signal);
      signal.throwIfAborted();
      over = watch.isOver ? holder.until : 0;
    }
  }

  /** Once the claim has lapsed, nothing is written before it is known who has come meanwhile. */
  async secure(): Promise<void> {
    if (!this.#isKept || performance.now() - this.#renewedAt <= this.#options.lease) return;
    this.#stopTimer();
    this.#renewing ??= this.#renew();
    await this.#renewing;
  }

  /** Renews no more. */
  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
  }

  /** Settles when no renewal is on its way. */
  async settled(): Promise<void> {
    await this.#renewing;
  }

  /** Gives the key back, if it may be the run's. After a whole lease others can take it anyway. */
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
      if (!hasLapsed || isHopeless(error)) throw error; // Else nobody is kept waiting by it.
    } finally {
      stopTimer();
      unfollow();
    }
  }

  /** Claims the key or renews the claim, also from a run whose claim is `over`; gives what holds. */
  async #ask(over: number, signal: AbortSignal): Promise<Claim> {
    const { store, key, runId, lease } = this.#options;
    this.#mayOwn = true; // Also when the answer is lost.
    // It grows, whatever becomes of the clock.
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
      // A store may be away for a while, and others may take the key then. That alone does no harm:
      // who is not the owner any more is told so by the next write or load.
      if (isHopeless(error)) this.#listener.onFailure(error);
    }
    this.#renewing = undefined;
    this.#renewIn(begin + lease / 3 - performance.now());
  }
}
