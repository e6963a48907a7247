import { vi } from "vitest";
import { CheckpointWriter } from "../../../src/checkpoints/checkpoint-writer.ts";
import type { CheckpointStore } from "../../../src/checkpoints/checkpoint.ts";
import { checkOptions } from "../../../src/options.ts";
import { type RetryOptions, retryOptions, type RetrySettings } from "../../../src/retry/retry.ts";
import { CountedSignal } from "../streams/counted-signal.ts";
import { HeldStore } from "./held-store.ts";
import { type Outcome, outcomeOf, settle } from "../outcomes/outcome.ts";

/** A keeper under a fake clock, with what it told. */
export class KeptRun {
  /** What it told of failures, in order. */
  readonly failures: unknown[] = [];
  /** The signal that it was opened with. */
  readonly stop: CountedSignal = new CountedSignal();
  readonly keeper: CheckpointWriter;

  constructor(
    store: CheckpointStore,
    runId = "one",
    lease = 900,
    rules: Partial<RetrySettings> = {},
    signal?: AbortSignal,
  ) {
    const onFailure = (error: unknown) => void this.failures.push(error);
    const retry = checkOptions<RetryOptions, "isRetriable">("test", rules, retryOptions);
    this.keeper = new CheckpointWriter({
      ...{ store, key: "a", runId, lease, retry, onFailure },
      ...(signal !== undefined && { signal }),
    });
  }

  /** Opens the keeper and lets what answers at once answer. */
  async open(): Promise<Outcome> {
    const outcome = outcomeOf(this.keeper.open(this.stop.signal));
    await settle();
    return outcome;
  }

  /** Closes the keeper and lets what answers at once answer. */
  async close(): Promise<Outcome> {
    const outcome = outcomeOf(this.keeper.close());
    await settle();
    return outcome;
  }
}

/** A store whose key another run holds, whose lease is 1000 ms. */
export function claimedStore(): HeldStore {
  const store = new HeldStore();
  store.inner.claim("a", { runId: "other", until: Date.now() + 1000, lease: 1000 }, 0);
  return store;
}

/** Timers and listeners that are left. */
export function leftBy(...runs: KeptRun[]): number {
  return runs.reduce((count, { stop }) => count + stop.listeners, vi.getTimerCount());
}
