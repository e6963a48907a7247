import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Checkpoint,
  chunks,
  etl,
  MemoryCheckpointStore,
  type Run,
  type RunOptions,
  type RunSnapshot,
  skip,
  type Source,
} from "../../../src/index.ts";
import { wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Starts a run that loads an item of `source` every 100 ms. */
function start(source: Source<number>, options: RunOptions<number> = {}): Run {
  return etl<number>({ name: "long", extract: () => source, load: () => wait(100) }).start(options);
}

/** A store that knows what earlier runs have finished. */
async function storeOf(checkpoint: Pick<Checkpoint, "offset" | "done">) {
  const store = new MemoryCheckpointStore();
  await store.write("long", { ...checkpoint, updatedAt: 0 });
  return store;
}

describe("total of a snapshot", () => {
  it("is known for an array, and for nothing else", async () => {
    const sources: [Source<number>, number | undefined][] = [
      [numbers(5), 5],
      [new Set(numbers(5)), undefined],
      [chunks([numbers(5)]), undefined],
      [new ReadableStream<number>({ pull: (output) => output.close() }), undefined],
    ];
    for (const [source, total] of sources) {
      const run = start(source);
      await vi.advanceTimersByTimeAsync(50);
      expect(run.snapshot().total).toBe(total);
      await vi.advanceTimersByTimeAsync(1000);
      const report = await run.finished;
      expect(report.total).toBe(total);
      expect("total" in report).toBe(total !== undefined);
    }
  });

  it("is what the option says from the start, whatever the source is", async () => {
    const run = start(numbers(5), { total: 8 });
    expect(run.snapshot()).toMatchObject({ total: 8 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await run.finished).toMatchObject({ total: 8, loaded: 5 });
  });

  it("may be Infinity, which means unknown", async () => {
    const run = start(numbers(5), { total: Infinity });
    await vi.advanceTimersByTimeAsync(250);
    const { total, eta } = run.snapshot();
    expect([total, eta]).toEqual([undefined, undefined]);
    await vi.advanceTimersByTimeAsync(1000);
  });

  it.each(
    [
      [{ offset: 30, done: [] }, "skip", 100, 70],
      [{ offset: 30, done: [[40, 50], [60, 61]] }, "skip", 100, 59],
      [{ offset: 30, done: [] }, "skip", undefined, 70],
      [{ offset: 300, done: [] }, "skip", undefined, 0],
      [{ offset: 30, done: [] }, "source", 100, 70],
      [{ offset: 30, done: [[40, 50], [60, 61]] }, "source", 100, 59],
      // The array is only what is left.
      [{ offset: 30, done: [] }, "source", undefined, 70],
      [{ offset: 30, done: [[40, 50], [60, 61]] }, "source", undefined, 59],
    ] as const,
  )("leaves out what earlier runs have finished: %o, %s", async (...given) => {
    const [{ offset, done }, resume, total, left] = given;
    const checkpoints = await storeOf({ offset, done: done.map(([from, to]) => [from, to]) });
    const run = start(numbers(resume === "skip" ? 100 : 70), { total, resume, checkpoints });
    await vi.advanceTimersByTimeAsync(1050);
    const { loaded, eta, ...snapshot } = run.snapshot();
    expect(snapshot.total).toBe(left);
    if (left > 0) expect(eta).toBeCloseTo((left - loaded) * 105, -3);
    await vi.advanceTimersByTimeAsync(10_000);
    const report = await run.finished;
    const earlier = done.reduce<number>((sum, [from, to]) => sum + to - from, offset);
    expect(snapshot.earlier).toBe(earlier);
    expect(report).toMatchObject({ total: left, loaded: left, earlier });
  });

  it("is 0 if everything is finished, and 'earlier' is the number of those items", async () => {
    const checkpoints = await storeOf({ offset: 100, done: [] });
    const first = await start(numbers(100), { checkpoints }).finished;
    expect(first).toMatchObject({ total: 0, loaded: 0, extracted: 0, earlier: 100 });
    const fresh = start(numbers(1));
    expect(fresh.snapshot().earlier).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect((await fresh.finished).earlier).toBe(0);
  });
});

describe("eta of a snapshot", () => {
  it("falls as time passes, to 0 when the last item is done", async () => {
    const run = start(numbers(200));
    await vi.advanceTimersByTimeAsync(550);
    let before = Infinity;
    for (let time = 550; time < 19_550; time += 500) {
      const { eta, loaded } = run.snapshot();
      expect(eta).toBeLessThan(before);
      expect(Math.abs(eta! / ((200 - loaded) * 100) - 1), `at ${time}`).toBeLessThan(0.12);
      before = eta!;
      await vi.advanceTimersByTimeAsync(500);
    }
    await vi.advanceTimersByTimeAsync(1000);
    await run.finished;
  });

  it("counts skipped items and dead letters as done", async () => {
    const run = etl<number>({
      name: "lost",
      extract: () => numbers(90),
      transform: (n) => n % 3 === 0 ? skip : n,
      load: async ([n]) => {
        await wait(100);
        if (n! % 3 === 1) throw new Error("no");
      },
    }).start({ deadLetters: new WritableStream() });
    await vi.advanceTimersByTimeAsync(3050);
    const { loaded, skipped, deadLettered, eta, rate } = run.snapshot();
    expect([loaded, deadLettered]).toEqual([15, 15]);
    expect(eta).toBeCloseTo((90 - loaded - skipped - deadLettered) / rate * 1000, 6);
    await vi.advanceTimersByTimeAsync(5000);
  });

  it("is 0 if more was done than expected", async () => {
    const run = start(numbers(50), { total: 10 });
    await vi.advanceTimersByTimeAsync(2050);
    expect(run.snapshot()).toMatchObject({ eta: 0, total: 10, loaded: 20 });
    await vi.advanceTimersByTimeAsync(5000);
  });

  it("is undefined before the first item, at a standstill, in a drain and at the end", async () => {
    const run = etl<number>({
      name: "still",
      extract: () => numbers(100),
      load: ([n]) => wait(n! < 10 ? 100 : 8000),
    }).start();
    const etas: [number, boolean][] = [];
    const look = () => etas.push([run.snapshot().loaded, "eta" in run.snapshot()]);
    look();
    await vi.advanceTimersByTimeAsync(1050);
    look();
    await vi.advanceTimersByTimeAsync(7000);
    look();
    await vi.advanceTimersByTimeAsync(1000);
    look();
    run.drain();
    look();
    await vi.advanceTimersByTimeAsync(60_000);
    look();
    expect(etas).toEqual([
      ...[[0, false], [10, true], [10, false], [11, true], [11, false]],
      [etas.at(-1)![0], false],
    ]);
    await run.finished.catch(() => {});
  });

  it("is passed to onProgress and run.progress() as well", async () => {
    const told: RunSnapshot[] = [];
    const run = start(numbers(20), {
      onProgress: (snapshot) => void told.push(snapshot),
      progressInterval: 555,
    });
    const read: RunSnapshot[] = [];
    const reading = run.progress({ interval: 555 }).pipeTo(
      new WritableStream({ write: (snapshot) => void read.push(snapshot) }),
    );
    await vi.advanceTimersByTimeAsync(3000);
    await reading;
    for (const snapshots of [told, read]) {
      expect(snapshots.map(({ loaded, total }) => [loaded, total])).toEqual(
        [[5, 20], [11, 20], [16, 20], [20, 20]],
      );
      expect(snapshots.map(({ eta }) => eta === undefined ? "none" : Math.round(eta / 500)))
        .toEqual(
          [3, 2, 1, "none"],
        );
      expect(JSON.parse(JSON.stringify(snapshots))).toEqual(snapshots);
    }
  });
});
