import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl } from "../../src/etl/etl.ts";
import { type CheckpointStore, commitsTo } from "../../src/checkpoints/checkpoint.ts";
import { MemoryCheckpointStore } from "../../src/checkpoints/memory-checkpoint-store.ts";
import { repeatableLetters } from "../../src/dead-letters/repeatable-letters.ts";

/** Settles only when the signal aborts. */
const until = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });

describe("a run that was aborted", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each(["read", "write", "claim", "release"] as const)(
    "aborts a pending '%s' of its checkpoint store",
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

  it("aborts the write of a dead letter, and does not repeat it", async () => {
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

describe("an attempt of a load that commits by itself", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Runs one item whose load takes so long once it is told to stop, and tells what was written. */
  const runWith = async (end: (signal: AbortSignal) => Promise<void>) => {
    const load = Object.assign(
      (_: number[], { signal }: { signal: AbortSignal }) =>
        new Promise<void>((resolve, reject) => {
          signal.addEventListener("abort", () => void end(signal).then(resolve, reject));
        }),
      { [commitsTo]: new MemoryCheckpointStore() },
    );
    const letters: unknown[] = [];
    const deadLetters = new WritableStream<{ error: unknown }>({
      write: ({ error }) => void letters.push(error),
    });
    const running = etl({ name: "late", extract: () => [1], load })
      .run({ deadLetters, attemptTimeout: 100, retry: { maxAttempts: 1 } });
    await vi.advanceTimersByTimeAsync(20_000);
    return { loaded: (await running).loaded, letters };
  };

  it("counts as loaded if it commits after its attemptTimeout", async () => {
    const late = () => new Promise<void>((resolve) => setTimeout(resolve, 50));
    expect(await runWith(late)).toEqual({ loaded: 1, letters: [] });
  });

  it("fails with its timeout if it is rolled back", async () => {
    const { loaded, letters } = await runWith((signal) => Promise.reject(signal.reason));
    expect([loaded, letters]).toEqual([0, [expect.objectContaining({ name: "TimeoutError" })]]);
  });

  it("is abandoned if it does not end for five seconds", async () => {
    const { loaded, letters } = await runWith(() => new Promise(() => {}));
    expect([loaded, letters]).toEqual([0, [expect.objectContaining({ name: "TimeoutError" })]]);
  });
});

it("tells `reject` where items are that equal nothing, not even themselves", async () => {
  const told: unknown[] = [];
  const run = etl<number>({
    name: "left",
    extract: () => [7, NaN, 7],
    load: () => Promise.reject(new Error("bad")),
    reject: (items, _, { ranges }) => void told.push(items, ranges),
  }).run({ batchSize: 3 });
  await expect(run).rejects.toThrow("bad");
  expect(told).toEqual([[7, NaN, 7], [[0, 3]]]);
});
