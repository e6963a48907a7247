import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  etl,
  MemoryCheckpointStore,
  type RunOptions,
  type RunReport,
  type RunSnapshot,
  skip,
} from "../../../src/index.ts";
import { addUp, measure } from "../../support/run/measured-run.ts";
import { isSlow, wait } from "../../support/run/time.ts";
import { settle } from "../../support/outcomes/outcome.ts";
import { seeded } from "../../support/streams/schedules.ts";
import { checkLanes } from "../../support/run/trace-lanes.ts";

let [items, numRuns] = [60, 40]; // Of the random runs.
beforeAll(async () => {
  if (await isSlow()) [items, numRuns] = [15, 12];
});
beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(123); // The clock does not begin with the run.
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

const counts = ["extracted", "loaded", "skipped", "deadLettered", "batches", "retries"] as const;

/** What holds for every snapshot of a run, and for its report. */
function checkSnapshot(snapshot: Omit<RunSnapshot, "state">, before?: RunSnapshot): void {
  const { extracted, loaded, skipped, deadLettered, pending, queued, rate, latency } = snapshot;
  expect(extracted).toBe(loaded + skipped + deadLettered + pending);
  for (const count of counts) {
    expect(snapshot[count], count).toBeGreaterThanOrEqual(before?.[count] ?? 0);
  }
  expect(pending).toBeGreaterThanOrEqual(queued.items);
  expect(rate).toBeGreaterThanOrEqual(0);
  if (latency !== undefined) {
    const { p50, p90, p99, max } = latency;
    expect([p50, p90, p99, max]).toEqual([p50, p90, p99, max].sort((a, b) => a - b));
  }
  addUp(snapshot);
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
}

/** A run that skips, fails, tries again and gives up, by chance of the seed. */
function world(seed: number, items: number) {
  let state = seed + 1;
  const chance = () => (state = state * 48271 % 2147483647) / 2147483647;
  const letters: unknown[] = [];
  const options: RunOptions<number> = {
    batchSize: 1 + Math.floor(chance() * 6),
    workers: 1 + Math.floor(chance() * 4),
    concurrency: 1 + Math.floor(chance() * 3),
    timeout: 20,
    retry: { maxAttempts: 2, baseDelay: 10, jitter: "none" },
    deadLetters: new WritableStream({ write: (letter) => void letters.push(letter) }),
    trace: true,
    total: items,
    ...(chance() < 0.5 && { rateLimit: { limit: 10, interval: 20 } }),
    ...(chance() < 0.5 && { checkpoints: new MemoryCheckpointStore() }),
  };
  const slowness = chance() * 10;
  const run = etl<number, number>({
    name: "world",
    extract: async function* () {
      for (let n = 0; n < items; n++) {
        if (chance() < 0.3) await wait(chance() * 10);
        yield n;
      }
    },
    transform: async (n) => {
      if (chance() < 0.5) await wait(chance() * slowness);
      if (chance() < 0.1) throw new Error("transform");
      return chance() < 0.2 ? skip : n;
    },
    load: async () => {
      await wait(chance() * slowness);
      if (chance() < 0.2) throw new Error("load");
    },
  }).start(options);
  return { run, letters, ...options };
}

describe("run.snapshot()", () => {
  it("adds up and never goes back, whatever happens in the run", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 30), async (seed) => {
        const { run, letters, workers } = world(seed, items);
        let before: RunSnapshot | undefined;
        let report: RunReport | undefined;
        run.finished.then((end) => report = end, (error) => report = error.report);
        while (report === undefined) {
          const snapshot = run.snapshot();
          checkSnapshot(snapshot, before);
          expect(snapshot.inFlight.load).toBeLessThanOrEqual(workers!);
          expect(snapshot.inFlight.transform + snapshot.queued.batches)
            .toBeLessThanOrEqual(workers!);
          before = snapshot;
          await vi.advanceTimersByTimeAsync(5);
        }
        checkSnapshot(report, before);
        const done = report.loaded + report.skipped + report.deadLettered;
        expect(report).toMatchObject({ outcome: "completed", extracted: items, total: items });
        expect(report.deadLettered).toBe(letters.length);
        expect(report.rate).toBeCloseTo(done / report.duration * 1000, 6);
        expect(report.trace!.done.reduce((sum, count) => sum + count)).toBe(items);
        const lost = report.trace!.batches.reduce((sum, batch) => sum + batch.deadLettered, 0);
        expect(lost).toBe(letters.length);
        checkLanes(report.trace!, workers!);
      }),
      { ...seeded, numRuns },
    );
  });

  it("shows what is at work and what waits", async () => {
    const run = etl<number>({
      name: "full",
      extract: () => numbers(1000),
      transform: (n) => n,
      load: () => wait(100),
    }).start({ batchSize: 10, workers: 3 });
    await vi.advanceTimersByTimeAsync(150);
    expect(run.snapshot()).toMatchObject({
      inFlight: { transform: 0, load: 3 },
      queued: { items: 20, batches: 3 },
      extracted: 110,
      pending: 80,
      loaded: 30,
    });
    run.abort();
    await settle();
    expect(run.snapshot()).toMatchObject({ queued: { items: 0, batches: 0 } });
    await vi.advanceTimersByTimeAsync(10_000);
  });

  it("shows which batches are being transformed", async () => {
    const run = etl<number>({
      name: "mapping",
      extract: () => numbers(100),
      transform: (n) => wait(100).then(() => n),
      load: () => wait(1000),
    }).start({ workers: 4 });
    await vi.advanceTimersByTimeAsync(50);
    expect(run.snapshot().inFlight).toEqual({ transform: 4, load: 0 });
    await vi.advanceTimersByTimeAsync(100);
    expect(run.snapshot().inFlight).toEqual({ transform: 4, load: 4 });
    await vi.advanceTimersByTimeAsync(200);
    expect(run.snapshot()).toMatchObject({
      inFlight: { transform: 0, load: 4 },
      queued: { items: 2, batches: 4 },
    });
    run.abort();
    await vi.advanceTimersByTimeAsync(10_000);
  });

  it("shows the rate of the last five seconds, and at the end that of the whole run", async () => {
    const rates: number[] = [];
    const run = etl<number>({
      name: "bursts",
      extract: () => numbers(300),
      // 100 items in a second, ten seconds of nothing, and the rest.
      load: (_, { batch }) => wait(batch.sequence === 100 ? 10_000 : 10),
    }).start();
    for (let second = 0; second < 16; second++) {
      rates.push(run.snapshot().rate);
      await vi.advanceTimersByTimeAsync(1000);
    }
    const [begin, first, , , fourth, , , , , , , quiet, , , ...end] = rates;
    expect([begin, first]).toEqual([0, 100]);
    expect(fourth).toBeCloseTo(100 / 4, 0);
    expect(quiet).toBeLessThan(1);
    expect(end[0]).toBeGreaterThan(20);
    const { rate, duration } = await run.finished;
    expect(rate).toBeCloseTo(300 / duration * 1000, 6);
  });

  it("counts the parts of a batch as they are done", async () => {
    const run = etl<number>({
      name: "parts",
      extract: () => numbers(8),
      load: (rows) => wait(100).then(() => Promise.reject(rows.length > 1 && new Error("no"))),
    }).start({ batchSize: 8, deadLetters: new WritableStream(), trace: true });
    await vi.advanceTimersByTimeAsync(700);
    const { deadLettered, rate } = run.snapshot();
    expect(deadLettered).toBeGreaterThan(1);
    expect(rate).toBeCloseTo(deadLettered / 0.7, 6);
    await vi.advanceTimersByTimeAsync(5000);
    const { trace } = await run.finished;
    expect(trace!.done.reduce((sum, count) => sum + count)).toBe(8);
    expect(trace!.batches).toMatchObject([{ size: 8, deadLettered: 8, lane: 0 }]);
  });

  it("has a trace whose items are those that were done, even if the run fails", async () => {
    const { report } = await measure({
      extract: () => numbers(8),
      load: (rows) => {
        if (rows.includes(5)) throw new Error("no");
      },
    }, {
      batchSize: 4,
      deadLetters: new WritableStream({ write: () => Promise.reject(new Error("full")) }),
      trace: true,
    });
    expect(report).toMatchObject({ outcome: "failed", loaded: 5, pending: 3 });
    expect(report.trace!.done.reduce((sum, count) => sum + count)).toBe(5);
  });

  it.each([1, 3])(
    "has no times before the start of a run whose %i workers skip",
    async (workers) => {
      const { report } = await measure({
        extract: () => numbers(20),
        transform: (n) => wait(10).then(() => n % 2 === 0 ? skip : n),
        load: () => wait(25),
      }, { workers, trace: true });
      expect(report.trace!.batches).toHaveLength(20);
      for (const batch of report.trace!.batches) {
        const { batchedAt, transformedAt, loadStartedAt, endedAt, sequence } = batch;
        expect([batchedAt, transformedAt, loadStartedAt, endedAt]).toEqual(
          [batchedAt, transformedAt, loadStartedAt, endedAt].sort((a, b) => a - b),
        );
        expect(batchedAt).toBeGreaterThanOrEqual(0);
        expect([transformedAt - batchedAt, endedAt - loadStartedAt]).toEqual([
          10,
          sequence % 2 === 0 ? 0 : 25,
        ]);
      }
      checkLanes(report.trace!, workers);
    },
  );

  it("has the times of a batch that waits for a load as the first one of the run", async () => {
    const load = () => wait(30);
    const extract = () => numbers(2);
    const plain = await measure({ extract, load }, { trace: true });
    const mapped = await measure({ extract, load, transform: (n) => n }, { trace: true });
    for (const { report } of [plain, mapped]) {
      expect(report.trace!.batches).toMatchObject([
        { batchedAt: 0, transformedAt: 0, loadStartedAt: 0, endedAt: 30 },
        { batchedAt: 0, transformedAt: 0, loadStartedAt: 30, endedAt: 60 },
      ]);
    }
  });

  it("has one time for bucket and transform if there is no transform", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now++); // No two looks are the same.
    const run = etl<number>({ name: "bare", extract: () => numbers(5), load: () => wait(1) })
      .run({ trace: true });
    await vi.advanceTimersByTimeAsync(100);
    const { trace, stages, duration } = await run;
    expect(trace!.batches).toHaveLength(5);
    for (const { batchedAt, transformedAt, loadStartedAt } of trace!.batches) {
      expect(transformedAt).toBe(batchedAt);
      expect(loadStartedAt).toBeGreaterThanOrEqual(transformedAt);
    }
    // Only the first finds its worker free, and needs no look of its own; the others wait.
    const waited = trace!.batches.map(({ transformedAt, loadStartedAt }) =>
      loadStartedAt > transformedAt
    );
    expect(waited).toEqual([false, true, true, true, true]);
    addUp({ stages, duration });
  });

  it("has latencies from the bucket to the end of the load", async () => {
    const { report } = await measure({
      extract: () => numbers(1),
      transform: (n) => wait(30).then(() => n),
      load: () => wait(10),
    });
    expect(report.latency).toEqual({ p50: 40, p90: 40, p99: 40, max: 40 });
  });

  it("has latencies of most batches and of the slowest", async () => {
    const { report } = await measure({
      extract: () => numbers(100),
      load: (_, { batch }) => wait(batch.sequence < 90 ? 10 : 200),
    }, { workers: 100 });
    expect(report.latency!.p50 / 10).toBeCloseTo(1, 1);
    expect(report.latency!.p90 / 10).toBeCloseTo(1, 1);
    expect(report.latency!.p99 / 200).toBeCloseTo(1, 1);
    expect(report.latency!.max).toBe(200);
  });
});
