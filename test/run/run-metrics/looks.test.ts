import { afterEach, describe, expect, it, vi } from "vitest";
import { chunks, etl, type Source, wholeBatch } from "../../../src/index.ts";
import { measure, quickly } from "../../support/run/measured-run.ts";
import { wait } from "../../support/run/time.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const batches = 1000;
const batchSize = 10;

function* numbers(): Generator<number> {
  for (let n = 0; n < batches * batchSize; n++) yield n;
}

function* inChunks(): Generator<number[]> {
  for (let n = 0; n < batches; n++) yield Array(batchSize).fill(n);
}

describe("the clock of a run", () => {
  // When a batch is taken, when its load begins, and when that has ended: the source is read on then.
  it.each<[string, () => Source<number>]>([
    ["an iterable", numbers],
    ["chunks", () => chunks(inChunks())],
  ])("reads the clock three times for a batch of %s", async (_, extract) => {
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    const load = async () => {};
    await etl<number, number>({ name: "looks", extract, transform: (n) => n, load }).run({
      batchSize,
      workers: 4,
    });
    const others = 200; // Those that tell when to pause, and of the run itself.
    expect(now.mock.calls.length).toBeLessThan(3 * batches + others);
  });
});

describe("the times of a run", () => {
  it("count what an iterator takes for itself while a load is running", async () => {
    vi.useFakeTimers();
    const { report } = await measure({
      extract: function* () {
        for (let n = 0; n < 10; n++) {
          vi.advanceTimersByTime(10);
          yield n;
        }
      },
      load: () => wait(5),
    });
    const { extract, load } = report.stages;
    expect(extract.busy).toBe(100);
    expect(load.busy).toBe(95); // What has ended is heard of once the thread is free.
  });

  it.each<[string, () => Source<number>]>([
    ["an array", () => quickly(30)],
    ["chunks", () => chunks([quickly(30)]) as Source<number>],
  ])("include the time of sizeOf for the items of %s", async (_, extract) => {
    vi.useFakeTimers();
    const sizeOf = () => {
      vi.advanceTimersByTime(10);
      return 1;
    };
    const nothing = () => {};
    for (const observer of [undefined, nothing]) {
      for (const load of [nothing, async () => {}]) {
        const { report } = await measure({ extract, load }, { batchSize: 5, sizeOf, observer });
        expect(report.bottleneck).toBe("extract");
        expect(report.stages.extract.busy).toBeGreaterThan(280);
        // What has ended is heard of once the thread is free.
        expect(report.stages.load.busy).toBeLessThan(load === nothing ? 10 : 100);
      }
      const none = { extract, transformBatch: () => wholeBatch([]), load: nothing };
      const { report } = await measure(none, { batchSize: 5, sizeOf, observer });
      expect(report.stages.extract.busy).toBeGreaterThan(280);
    }
  });
});
