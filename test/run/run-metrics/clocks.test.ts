import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl, type RunOptions, type StageName, type StageTimes } from "../../../src/index.ts";
import { addUp, measure, type Measured, quickly } from "../../support/run/measured-run.ts";
import { wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The numbers below `count`, one in each period: what the reader takes in between is no delay. */
async function* slowly(count: number, period: number): AsyncGenerator<number> {
  const begin = performance.now();
  for (let n = 0; n < count; n++) {
    await wait(begin + (n + 1) * period - performance.now());
    yield n;
  }
}

/** Holds the thread for a time. */
function hold(time: number): void {
  vi.advanceTimersByTime(time);
}

/** A stage after a delay that depends on what it works on. */
const load = (delay: number): Measured["load"] => () => wait(delay);
const transform = (delay: number): Measured["transform"] => (n) => wait(delay).then(() => n);

/** A failure of every first attempt. */
function failOnce(delay: number) {
  const tried = new Set<unknown>();
  return async (key: unknown): Promise<void> => {
    await wait(delay);
    if (!tried.has(key)) throw (tried.add(key), new Error("not yet"));
  };
}

interface Schedule {
  pipeline: () => Measured;
  options?: RunOptions<number>;
  duration: number;
  bottleneck: StageName;
  stages: { [Stage in StageName]?: Partial<StageTimes> };
}

const retry = { maxAttempts: 2, baseDelay: 30, jitter: "none" } as const;

const schedules: Record<string, Schedule> = {
  "a slow source": {
    pipeline: () => ({ extract: () => slowly(20, 10), load: () => {} }),
    duration: 200,
    bottleneck: "extract",
    stages: { extract: { busy: 200, blocked: 0 }, transform: { starved: 200 }, load: { busy: 0 } },
  },
  "a slow source of batches, for which many workers wait": {
    pipeline: () => ({ extract: () => slowly(100, 10), load: load(20) }),
    options: { workers: 8, batchSize: 10, timeout: Infinity },
    duration: 1020,
    bottleneck: "extract",
    stages: { extract: { busy: 1000, starved: 20 }, load: { busy: 10 * 20 / 8 } },
  },
  "a transform that holds the thread": {
    pipeline: () => ({
      extract: () => quickly(20),
      transform: (n) => (hold(10), n),
      load: () => {},
    }),
    options: { batchSize: 5 },
    duration: 200,
    bottleneck: "transform",
    stages: { extract: { blocked: 200 }, transform: { busy: 200 }, load: { starved: 200 } },
  },
  "a transform of many workers that holds the thread": {
    pipeline: () => ({
      extract: () => quickly(20),
      transform: (n) => (hold(10), n),
      load: () => {},
    }),
    options: { batchSize: 5, workers: 4 },
    duration: 200,
    bottleneck: "transform",
    stages: { transform: { busy: 50, starved: 150 }, load: { starved: 200 } },
  },
  "a transform that waits": {
    pipeline: () => ({ extract: () => quickly(20), transform: transform(10), load: () => {} }),
    duration: 200,
    bottleneck: "transform",
    // The source has ended when its last item waits in the bucket, and nothing before it does.
    stages: { extract: { starved: 20 }, transform: { busy: 200 } },
  },
  "a transform that waits for the items of a batch together": {
    pipeline: () => ({ extract: () => quickly(40), transform: transform(10), load: () => {} }),
    options: { batchSize: 20, concurrency: 10 },
    duration: 40,
    bottleneck: "transform",
    stages: { transform: { busy: 40 }, load: { starved: 40 } },
  },
  "a slow load": {
    pipeline: () => ({ extract: () => quickly(20), transform: (n) => n, load: load(10) }),
    duration: 200,
    bottleneck: "load",
    // One batch is ready but for the first and the last.
    stages: { load: { busy: 200 }, transform: { busy: 0, blocked: 190, starved: 10 } },
  },
  "an observer that holds the thread after a load": {
    pipeline: () => ({ extract: () => quickly(10), load: () => hold(3) }),
    options: { observer: ({ type }) => type === "batch:load" && hold(8) },
    duration: 110,
    bottleneck: "load",
    stages: { extract: { busy: 0, blocked: 110 }, load: { busy: 110 } },
  },
  "a load that holds the thread": {
    pipeline: () => ({ extract: () => quickly(20), load: () => hold(10) }),
    duration: 200,
    bottleneck: "load",
    stages: { load: { busy: 200 }, extract: { blocked: 200 } },
  },
  "a load that works half of the time": {
    pipeline: () => ({ extract: () => slowly(20, 20), load: load(10) }),
    duration: 410,
    bottleneck: "extract",
    stages: { extract: { busy: 400 }, load: { busy: 200, starved: 210 } },
  },
  "a transform and a load that take turns": {
    pipeline: () => ({ extract: () => slowly(10, 60), transform: transform(20), load: load(40) }),
    options: { batchSize: 1 },
    duration: 660,
    bottleneck: "extract",
    stages: { transform: { busy: 200, blocked: 0 }, load: { busy: 400, starved: 260 } },
  },
  "a transform twice as fast as the load": {
    pipeline: () => ({ extract: () => quickly(10), transform: transform(10), load: load(20) }),
    duration: 210,
    bottleneck: "load",
    // All but the first wait 10 ms for a load, which lets the transform of the next one wait.
    stages: { transform: { busy: 100, blocked: 90 }, load: { busy: 200, starved: 10 } },
  },
  "one slow worker of eight": {
    pipeline: () => ({
      extract: () => quickly(71),
      load: (_, { batch }) => wait(batch.sequence === 0 ? 800 : 10),
    }),
    options: { workers: 8 },
    duration: 800,
    bottleneck: "load",
    stages: { load: { busy: (800 + 70 * 10) / 8 } },
  },
  "many workers that are all busy": {
    pipeline: () => ({ extract: () => quickly(200), load: load(100) }),
    options: { workers: 50 },
    duration: 400,
    bottleneck: "load",
    stages: { load: { busy: 400, starved: 0 } },
  },
  "many workers of which the last round needs half": {
    pipeline: () => ({ extract: () => quickly(75), transform: (n) => n, load: load(100) }),
    options: { workers: 50 },
    duration: 200,
    bottleneck: "load",
    stages: { load: { busy: 150, starved: 50 }, transform: { blocked: 50 } },
  },
  "loads that are made again": {
    pipeline: () => {
      const attempt = failOnce(10);
      return {
        extract: () => quickly(10),
        transform: transform(25),
        load: ([n]) => attempt(n),
      };
    },
    options: { retry },
    duration: 25 + 10 * 50,
    // The load is at work for a shorter time than the transform, but what it waits for is its own.
    bottleneck: "load",
    stages: { transform: { busy: 250 }, load: { busy: 200, backoff: 300, starved: 25 } },
  },
  "loads that are made again by several workers": {
    pipeline: () => {
      const attempt = failOnce(10);
      return { extract: () => quickly(8), load: ([n]) => attempt(n) };
    },
    options: { retry, workers: 4 },
    duration: 100,
    bottleneck: "load",
    stages: { load: { busy: 40, backoff: 60, starved: 0, blocked: 0 } },
  },
  "transforms that are made again": {
    pipeline: () => {
      const attempt = failOnce(10);
      return {
        extract: () => quickly(10),
        transform: (n) => attempt(n).then(() => n),
        load: load(40),
      };
    },
    options: { retry },
    duration: 50 * 10 + 40,
    bottleneck: "transform",
    stages: { transform: { busy: 200, backoff: 300 }, load: { busy: 400 } },
  },
  "the rate limit": {
    pipeline: () => ({ extract: () => quickly(50), transform: transform(10), load: () => {} }),
    options: { batchSize: 10, rateLimit: { limit: 10, interval: 100 } },
    duration: 10 + 400,
    bottleneck: "load",
    stages: { transform: { busy: 50 }, load: { busy: 0, starved: 20 } },
  },
  "the rate limit and loads that fail": {
    pipeline: () => {
      const attempt = failOnce(10);
      return { extract: () => quickly(30), load: ([n]) => attempt(n) };
    },
    options: { batchSize: 10, retry, rateLimit: { limit: 10, interval: 100 } },
    duration: 510,
    bottleneck: "load",
    stages: { load: { busy: 60, backoff: 90, limited: 360, starved: 0 } },
  },
};

describe("times in the report of a run", () => {
  it.each(Object.entries(schedules))("have each stage's share with %s", async (_, schedule) => {
    const { report } = await measure(schedule.pipeline(), schedule.options);
    const { duration, stages, bottleneck } = report;
    expect(bottleneck).toBe(schedule.bottleneck);
    // A pause for other tasks takes a millisecond of the fake clock.
    expect(Math.abs(duration / schedule.duration - 1)).toBeLessThan(0.02);
    for (const [stage, times] of Object.entries(schedule.stages)) {
      for (const [share, time] of Object.entries(times)) {
        const measured = stages[stage as StageName][share as keyof StageTimes];
        expect(Math.abs(measured! - time), `${stage} ${share}: ${measured} of ${time}`)
          .toBeLessThanOrEqual(duration * 0.02);
      }
    }
  });

  it("leave out what did not happen", async () => {
    const { report } = await measure({ extract: () => quickly(3), load: load(5) }, { retry });
    expect(Object.keys(report.stages.load)).toEqual(["busy", "starved", "blocked"]);
  });

  it("count a batch as waiting until the last of its items is retried", async () => {
    const failed = new Set<number>();
    const { report } = await measure(
      {
        extract: () => quickly(2),
        // Both fail, the second one 20 ms later; each then waits for 30 ms.
        transform: async (n) => {
          await wait(10 + 20 * n);
          if (!failed.has(n)) throw (failed.add(n), new Error("not yet"));
          return n;
        },
        load: () => {},
      },
      { batchSize: 2, retry },
      5,
    );
    // 10 ms until the first fails; it waits up to 40 ms, the second from 30 to 60 ms, then takes 30.
    expect(report.duration).toBe(90);
    expect(report.stages.transform).toMatchObject({ busy: 40, backoff: 50 });
  });

  it("count no backoff that an abort has cut short", async () => {
    const load = () => Promise.reject(new Error("no"));
    const run = etl<number>({ name: "cut", extract: () => [1], load }).start({
      retry: { maxAttempts: 9, baseDelay: 1000, jitter: "none" },
    });
    await vi.advanceTimersByTimeAsync(400);
    run.abort();
    await vi.advanceTimersByTimeAsync(400);
    const report = await run.finished.catch((error) => error.report);
    addUp(report);
    expect(report.duration).toBe(400);
    expect(report.stages.load).toMatchObject({ busy: 0, backoff: 400 });
  });

  it("count a load that ignores its signal until the run gives it up", async () => {
    const run = etl<number>({
      name: "deaf",
      extract: () => [1, 2],
      load: () => new Promise<never>(() => {}),
    }).start({ workers: 2, abortTimeout: 100 });
    await vi.advanceTimersByTimeAsync(50);
    run.abort();
    await vi.advanceTimersByTimeAsync(200);
    const report = await run.finished.catch((error) => error.report);
    addUp(report);
    expect(report.duration).toBe(150);
    expect(report.stages.load.busy).toBe(150);
  });

  it("name the source as bottleneck if nothing took any time", async () => {
    const { report } = await measure({ extract: () => [], load: () => {} });
    expect(report).toMatchObject({ bottleneck: "extract", duration: 0, rate: 0 });
  });
});
