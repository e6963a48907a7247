import type { Checkpoint, CheckpointStore, Claim } from "../../../src/checkpoints/checkpoint.ts";
import { MemoryCheckpointStore } from "../../../src/checkpoints/memory-checkpoint-store.ts";
import { isThenable } from "../../../src/runtime/thenable.ts";

type Method = "read" | "write" | "claim" | "release";

/** A store that does what a test wants before it does what it should, and that counts. */
export class HeldStore implements CheckpointStore {
  /** What it keeps. */
  readonly inner: MemoryCheckpointStore = new MemoryCheckpointStore();
  /** The methods that were called, in order. */
  readonly calls: Method[] = [];
  /** What each method does first: it may throw, or give a promise to wait for. */
  readonly first: Partial<Record<Method, () => unknown>> = {};
  /** Every checkpoint that arrived. */
  readonly written: Checkpoint[] = [];
  /** Every claim of this store that was asked for. */
  readonly claims: Claim[] = [];
  /** How many calls of a method ran at once at the most. */
  readonly most: Record<Method, number> = { read: 0, write: 0, claim: 0, release: 0 };
  readonly #running: Record<Method, number> = { read: 0, write: 0, claim: 0, release: 0 };

  read(key: string): Checkpoint | undefined {
    return this.#call("read", () => this.inner.read(key));
  }

  write(key: string, checkpoint: Checkpoint): void {
    return this.#call("write", () => {
      this.inner.write(key, checkpoint);
      this.written.push(checkpoint);
    });
  }

  claim(key: string, claim: Claim, now: number): Claim {
    this.claims.push(claim);
    return this.#call("claim", () => this.inner.claim(key, claim, now));
  }

  release(key: string, runId: string): void {
    return this.#call("release", () => this.inner.release(key, runId));
  }

  /** How often a method was called. */
  count(method: Method): number {
    return this.calls.filter((call) => call === method).length;
  }

  /** Makes a method wait; gives what ends the wait, with a failure if there is one. */
  hold(method: Method): (...failure: [error?: unknown]) => void {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.first[method] = () => promise;
    return (...failure) => {
      delete this.first[method];
      if (failure.length > 0) reject(failure[0]);
      else resolve();
    };
  }

  #call<R>(method: Method, act: () => R): R {
    this.calls.push(method);
    const wait = this.first[method]?.();
    if (!isThenable(wait)) return act();
    this.most[method] = Math.max(this.most[method], ++this.#running[method]);
    // It answers late, which the types of a store that answers at once do not say.
    return Promise.resolve(wait).then(act).finally(() => this.#running[method]--) as R;
  }
}
