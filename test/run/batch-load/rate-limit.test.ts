import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  CancelledError,
  etl,
  RateLimiter,
  RetryAfterError,
  skip,
  SplitError,
  wholeBatch,
} from "../../../src/index.ts";
import { KeptLetters } from "../../support/dead-letters/kept-letters.ts";
import { LongSignal } from "../../support/run/signal.ts";
import { after, wait } from "../../support/run/time.ts";
import { reportOf, start } from "../../support/run/resilient-run.ts";
import { seeded } from "../../support/streams/schedules.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Loads that are noted with their time, each in one moment. */
class Log {
  readonly loads: { readonly time: number; readonly count: number }[] = [];
  readonly begin = performance.now();

  readonly load = (rows: unknown[]): void => {
    this.loads.push({ time: performance.now() - this.begin, count: rows.length });
  };

  /** The most items in any window of this length. */
  mostIn(interval: number): number {
    const sums = this.loads.map(({ time: from }) =>
      this.loads.filter(({ time }) => time >= from && time < from + interval)
        .reduce((sum, { count }) => sum + count, 0)
    );
    return Math.max(0, ...sums);
  }
}

const items = (count: number) => () => Array.from({ length: count }, (_, n) => n);

describe("rateLimit", () => {
  it("loads at most the limit in each interval, and no less than possible", async () => {
    const log = new Log();
    const rateLimit = { limit: 4, interval: 1000 };
    await reportOf({ extract: items(12), load: log.load }, { batchSize: 2, rateLimit });
    expect(log.loads.map(({ time }) => time)).toEqual([0, 0, 1000, 1000, 2000, 2000]);
  });

  it("makes no batch larger than the limit", async () => {
    const log = new Log();
    const rateLimit = { limit: 3, interval: 10 };
    await reportOf({ extract: items(8), load: log.load }, { batchSize: 100, rateLimit });
    expect(log.loads.map(({ count }) => count)).toEqual([3, 3, 2]);
  });

  it("holds in every interval, whatever the batches, the workers and the source are", async () => {
    const scenes = fc.record({
      limit: fc.integer({ min: 1, max: 9 }),
      interval: fc.integer({ min: 1, max: 50 }),
      batchSize: fc.integer({ min: 1, max: 12 }),
      workers: fc.integer({ min: 1, max: 4 }),
      delays: fc.array(fc.nat(30), { minLength: 1, maxLength: 30 }),
      skipped: fc.integer({ min: 2, max: 9 }),
    });
    const log = (scene: (typeof scenes) extends fc.Arbitrary<infer S> ? S : never) => {
      const { limit, interval, batchSize, workers, delays, skipped } = scene;
      const log = new Log();
      const run = etl<number>({
        name: "limited",
        extract: async function* () {
          for (const [n, delay] of delays.entries()) {
            if (delay > 5) await wait(delay); // Some come at once.
            yield n;
          }
        },
        transform: (n) => n % skipped === 0 ? skip : n,
        load: log.load,
      }).run({ rateLimit: { limit, interval }, batchSize, workers, timeout: 7 });
      return { log, run, limit, interval };
    };
    await fc.assert(
      fc.asyncProperty(fc.array(scenes, { minLength: 30, maxLength: 30 }), async (all) => {
        const running = all.map(log);
        await after(10_000, Promise.all(running.map(({ run }) => run)));
        for (const { log, run, limit, interval } of running) {
          expect((await run).outcome).toBe("completed");
          expect(log.mostIn(interval)).toBeLessThanOrEqual(limit);
        }
      }),
      { ...seeded, numRuns: 2 },
    );
  });

  it("counts loads that are retried, and those of parts", async () => {
    for (const way of ["retry", "split", "bisect"]) {
      const log = new Log();
      const failed = new Set<unknown>();
      const load = (rows: unknown[]) => {
        log.load(rows);
        if (way === "split" && rows.length > 1) throw new SplitError();
        if (way === "bisect" && rows.includes(2)) throw new Error("poison");
        if (way === "retry" && !failed.has(rows[0])) throw (failed.add(rows[0]), new Error("once"));
      };
      const rateLimit = { limit: 4, interval: 1000 };
      const retry = { maxAttempts: way === "retry" ? 2 : 1, baseDelay: 0 };
      const options = { rateLimit, retry, deadLetters: new KeptLetters().stream };
      await reportOf({ load }, options);
      expect(log.loads.length).toBeGreaterThan(2);
      expect(log.mostIn(1000)).toBeLessThanOrEqual(4);
    }
  });

  it("counts no more than the items of a batch that the transform has made longer", async () => {
    const log = new Log();
    const transformBatch = (all: number[]) => wholeBatch(all.flatMap((n) => [n, n, n]));
    const rateLimit = { limit: 4, interval: 1000 };
    const report = await reportOf({ transformBatch, load: log.load }, { rateLimit });
    expect(log.loads).toEqual([{ time: 0, count: 12 }, { time: 1000, count: 12 }]);
    expect(report.loaded).toBe(8);
  });

  it("pauses for the retryAfter of an error, for every worker", async () => {
    const log = new Log();
    let isRefused = false;
    const load = (rows: unknown[]) => {
      log.load(rows);
      if (isRefused || log.loads.length < 2) return;
      isRefused = true;
      throw new RetryAfterError("3");
    };
    const rateLimit = { limit: 1, interval: 10 };
    await reportOf({ extract: items(5), load }, {
      ...{ rateLimit, workers: 3, retry: { maxAttempts: 2 } },
    });
    const times = log.loads.map(({ time }) => time);
    expect(times).toEqual([0, 10, 3010, 3020, 3030, 3040]);
  });

  it("may be shared by pipelines", async () => {
    const log = new Log();
    const rateLimit = new RateLimiter({ limit: 2, interval: 100 });
    const reports = await after(
      10_000,
      Promise.all(
        [1, 2, 3].map((n) =>
          etl<number>({ name: `shared-${n}`, extract: items(4), load: log.load }).run({ rateLimit })
        ),
      ),
    );
    expect(reports.state).toBe("fulfilled");
    expect(log.loads).toHaveLength(12);
    expect(log.mostIn(100)).toBe(2);
    expect(log.loads.at(-1)!.time).toBe(500);
  });

  it("starts afresh with each run unless it is a RateLimiter", async () => {
    const log = new Log();
    const rateLimit = { limit: 2, interval: 1000 };
    const pipeline = etl<number>({ name: "anew", extract: items(2), load: log.load }, {
      rateLimit,
    });
    await after(0, Promise.all([pipeline.run(), pipeline.run()]));
    expect(log.loads).toHaveLength(4);
  });

  it("stops waiting when the run is aborted, and leaves no timer", async () => {
    const user = new LongSignal();
    const log = new Log();
    const reason = new Error("enough");
    const run = start({ load: log.load }, {
      ...{ rateLimit: { limit: 2, interval: 1e6 }, workers: 3, batchSize: 2 },
      ...{ signal: user.signal, drainTimeout: 500 },
    });
    await vi.advanceTimersByTimeAsync(100);
    user.abort(reason);
    expect((await after(499, run.finished)).state).toBe("pending"); // It drains, as far as it may.
    const { value } = await after(1, run.finished);
    expect(value).toBeInstanceOf(CancelledError);
    expect(value).toMatchObject({ cause: reason, errors: [] });
    expect((value as CancelledError).report).toMatchObject({ loaded: 2, pending: 6 });
    expect([log.loads.length, user.listeners, vi.getTimerCount()]).toEqual([1, 0, 0]);
  });

  it("releases a shared limiter when its run is aborted, so that others continue", async () => {
    const rateLimit = new RateLimiter({ limit: 2, interval: 100 });
    const log = new Log();
    const run = start({ extract: items(100) }, { rateLimit, batchSize: 2, workers: 4 });
    await vi.advanceTimersByTimeAsync(10);
    await after(0, run.abort());
    const other = await after(
      100,
      start({ extract: items(2), load: log.load }, { rateLimit }).finished,
    );
    expect(other.state).toBe("fulfilled");
  });
});
