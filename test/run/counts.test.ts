import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl, type ItemCounts, skip } from "../../src/index.ts";
import { ScriptedSource, sourceKinds } from "../support/run/sources.ts";
import { untilAborted, wait } from "../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What the identity leaves over: 0. */
function restOf({ extracted, loaded, skipped, deadLettered, pending }: ItemCounts): number {
  return extracted - loaded - skipped - deadLettered - pending;
}

describe("extracted = loaded + skipped + deadLettered + pending", () => {
  it("holds in every snapshot, and each count is right", async () => {
    for (const kind of sourceKinds) {
      const source = new ScriptedSource({ kind, reads: 40, end: "end", delay: 1 });
      const counted = { loaded: 0, skipped: 0, batches: 0 };
      const run = etl<number>({
        name: "counted",
        extract: () => source.source,
        transform: async (n) => (await wait(n % 3), n % 4 === 0 ? skip : n),
        load: async (rows, { batch }) => {
          await wait(7);
          counted.loaded += rows.length;
          counted.skipped += batch.size - rows.length;
          counted.batches++;
        },
      }).start({ batchSize: 3, workers: 2 });
      for (let time = 0; time < 200; time++) {
        await vi.advanceTimersByTimeAsync(1);
        const snapshot = run.snapshot();
        expect(restOf(snapshot)).toBe(0);
        expect(snapshot).toMatchObject({ extracted: source.given, ...counted });
        expect(snapshot.pending).toBeGreaterThanOrEqual(0);
      }
      const report = await run.finished;
      expect(report).toMatchObject({ extracted: source.given, ...counted, pending: 0, retries: 0 });
      expect(report.loaded).toBe(source.given * 3 / 4);
    }
  });

  it.each(["completed", "drained", "aborted", "failed"] as const)(
    "holds when a run has %s",
    async (outcome) => {
      const source = new ScriptedSource({
        kind: "async",
        reads: 10,
        end: outcome === "completed" ? "end" : "never",
      });
      let loaded = 0;
      const run = etl<number>({
        name: "ended",
        extract: () => source.source,
        transform: (n) => n % 2 === 0 ? skip : n,
        load: async (rows, { signal, batch }) => {
          if (outcome === "aborted" && batch.offset > 3) await untilAborted(signal);
          if (outcome === "failed" && batch.offset > 3) throw new Error("full");
          loaded += rows.length;
        },
      }).start({ batchSize: 2, timeout: 5 });
      await vi.advanceTimersByTimeAsync(10);
      if (outcome === "drained") run.drain();
      if (outcome === "aborted") run.abort();
      await vi.advanceTimersByTimeAsync(10);
      const error = await run.finished.catch((error) => error);
      const report = error.report ?? error;
      const isWhole = outcome === "completed" || outcome === "drained";
      expect(restOf(report)).toBe(0);
      expect(report).toMatchObject({ outcome, loaded, skipped: loaded });
      // A run that is stopped gives up the read that is pending.
      expect(source.given - report.extracted).toBeLessThanOrEqual(outcome === "failed" ? 1 : 0);
      expect(loaded).toBe(isWhole ? 5 : 2);
      expect(run.snapshot()).toMatchObject({ state: "ended", loaded, pending: report.pending });
    },
  );
});
