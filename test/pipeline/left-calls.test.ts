import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl } from "../../src/pipeline/etl.ts";
import type { CheckpointStore } from "../../src/resilience/checkpoint.ts";
import { MemoryCheckpointStore } from "../../src/resilience/memory-checkpoint-store.ts";
import { repeatableLetters } from "../../src/resilience/repeatable-letters.ts";

/** Settles only when the signal aborts. */
const until = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });

describe("a run that was aborted", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each(["read", "write", "claim", "release"] as const)(
    "ends a '%s' of its store that nobody waits for any more",
    async (method) => {
      const store = new MemoryCheckpointStore();
      let isEnded = false;
      const stuck = (...args: unknown[]) =>
        until(args.at(-1) as AbortSignal).finally(() => void (isEnded = true));
      const checkpoints: Required<CheckpointStore> = {
        read: (key) => store.read(key),
        write: (key, checkpoint) => store.write(key, checkpoint),
        claim: (key, claim, now) => store.claim(key, claim, now),
        release: (key, runId) => store.release(key, runId),
        [method]: stuck,
      };
      const run = etl({ name: "left", extract: () => [1], load: () => {} })
        .start({ checkpoints, abortTimeout: 100, retry: { maxAttempts: 5 } });
      run.finished.catch(() => {});
      await vi.advanceTimersByTimeAsync(50);
      run.abort(new Error("Enough"));
      await vi.advanceTimersByTimeAsync(1000);
      await run.finished.catch(() => {});
      expect(isEnded).toBe(true);
    },
  );

  it("ends the write of a letter, and writes it no second time", async () => {
    let calls = 0;
    const deadLetters = repeatableLetters({
      write: (_, { signal }) => {
        calls++;
        return until(signal);
      },
    });
    const load = () => Promise.reject(new Error("bad"));
    const run = etl({ name: "left", extract: () => [1], load })
      .start({ deadLetters, abortTimeout: 100, retry: { load: { maxAttempts: 1 } } });
    run.finished.catch(() => {});
    await vi.advanceTimersByTimeAsync(50);
    run.abort(new Error("Enough"));
    await vi.advanceTimersByTimeAsync(5000);
    await expect(run.finished).rejects.toMatchObject({ code: "CANCELLED", report: { pending: 1 } });
    expect(calls).toBe(1);
  });
});
