import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Chunks,
  chunks,
  ConfigurationError,
  etl,
  MemoryCheckpointStore,
  type RunEvent,
  type RunOptions,
} from "../../src/index.ts";
import { readNdjson } from "../../src/adapters/ndjson.ts";
import { wait } from "../support/run/time.ts";

const numbers = (load: () => unknown = () => {}) =>
  etl<number>({ name: "numbers", extract: () => [1, 2, 3], load });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("total as a function", () => {
  it.each([
    ["a number", () => 9],
    ["a promise of one", async () => 9],
    ["a thenable of one", () => ({ then: (take: (n: number) => void) => take(9) }) as never],
  ])("may give %s", async (_, total) => {
    const report = await numbers().run({ total });
    expect(report).toMatchObject({ total: 9, missing: 6 });
  });

  it("is called once where it gives a promise, when the run begins", async () => {
    const total = vi.fn(() => wait(5).then(() => 4));
    const run = numbers(() => wait(10)).start({ total, batchSize: 1, workers: 1 });
    expect(total).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(4);
    expect(run.snapshot().total).toBe(3); // That of the array.
    await vi.advanceTimersByTimeAsync(2);
    expect(run.snapshot().total).toBe(4);
    await vi.advanceTimersByTimeAsync(100);
    expect((await run.finished).total).toBe(4);
    expect(total).toHaveBeenCalledOnce();
  });

  it("is asked again where it gives no promise, as it may learn the number later", async () => {
    const known: { total?: number } = {};
    const run = numbers(() => wait(10)).start({ total: () => known.total, batchSize: 1 });
    await vi.advanceTimersByTimeAsync(15);
    expect(run.snapshot().total).toBe(3); // That of the array.
    known.total = 7;
    expect(run.snapshot().total).toBe(7);
    await vi.advanceTimersByTimeAsync(100);
  });

  it("is told by a signal when nobody waits any more", async () => {
    const signals: AbortSignal[] = [];
    const total = ({ signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      return new Promise<number>((_, reject) => signal.addEventListener("abort", reject));
    };
    const events: RunEvent[] = [];
    await numbers().run({ total, observer: (event) => events.push(event) });
    const run = numbers(() => wait(1000)).start({ total, abortTimeout: 1 });
    await vi.advanceTimersByTimeAsync(5);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    run.abort("enough");
    expect(signals[1]!.reason).toBe("enough");
    await vi.advanceTimersByTimeAsync(2000);
    expect(events.filter(({ type }) => type === "total:failure")).toEqual([]);
  });

  it.each<[string, () => unknown, unknown]>([
    ["throws", () => {
      throw "no";
    }, "no"],
    ["rejects", () => Promise.reject("no"), "no"],
    ["gives a text", () => "9", expect.any(ConfigurationError)],
    ["gives a promise of what is no count", async () => -1, expect.any(ConfigurationError)],
  ])("changes nothing where it %s, but for what the observer is told", async (_, total, error) => {
    const failures: unknown[] = [];
    const observer = (event: RunEvent) =>
      void (event.type === "total:failure" && failures.push(event.error));
    const report = await numbers().run({ total: total as never, observer });
    expect(report).toMatchObject({ outcome: "completed", loaded: 3 });
    expect(failures).toEqual([error]);
    expect((await numbers().run({ total: total as never })).outcome).toBe("completed");
  });

  it("counts what earlier runs have finished", async () => {
    vi.useRealTimers();
    const options = { checkpoints: new MemoryCheckpointStore(), total: () => 3, batchSize: 1 };
    let loads = 0;
    const load = () => ++loads === 2 ? Promise.reject("no") : undefined;
    await numbers(load).run(options).catch(() => {});
    expect(await numbers().run(options)).toMatchObject({ total: 2, loaded: 2, earlier: 1 });
  });

  it.each([-1, "9", null, {}, { bytes: -1 }, { bytes: "9" }])("is refused as %o", (total) => {
    expect(() => numbers().start({ total: total as never })).toThrow(
      "Cannot run pipeline \"numbers\" as 'total' must be a number of at least 0, a function, " +
        "or one of them as { bytes }: current value is",
    );
  });
});

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `{"id":${n + from}}\n`).join("");

describe("total as { bytes }", () => {
  const read = (extract: () => Chunks<unknown>, options: RunOptions<unknown>) =>
    etl({ name: "lines", extract, load: () => wait(10) }).start({ batchSize: 10, ...options });

  it("tells the bytes that were read, and by them the time left", async () => {
    const parts = [lines(100, 110), lines(110, 120), lines(120, 130), lines(130, 140)];
    const size = parts.join("").length;
    const run = read(() => readNdjson(parts), { total: { bytes: size } });
    await vi.advanceTimersByTimeAsync(15);
    const { bytes, eta, total, extracted, loaded, rate } = run.snapshot();
    expect(bytes!.total).toBe(size);
    expect(bytes!.read).toBe(extracted * size / 40);
    expect(eta).toBeCloseTo((40 - loaded) / rate * 1000);
    expect(total).toBeUndefined();
    await vi.advanceTimersByTimeAsync(100);
    expect((await run.finished).bytes).toEqual({ read: size, total: size });
  });

  it("tells no time left where no byte was read yet", async () => {
    const source = Object.assign(
      (async function* () {
        yield [1, 2, 3];
      })(),
      { bytesRead: 0 },
    );
    const run = etl({ name: "lines", extract: () => chunks(source), load: () => wait(10) })
      .start({ batchSize: 1, total: { bytes: 9 } });
    await vi.advanceTimersByTimeAsync(15);
    const { bytes, eta, loaded, rate } = run.snapshot();
    expect([bytes, eta, loaded]).toEqual([{ read: 0, total: 9 }, undefined, 1]);
    expect(rate).toBeGreaterThan(0);
    await vi.advanceTimersByTimeAsync(100);
    await run.finished;
  });

  it("counts the bytes of all inputs, and those before the place where one is begun", async () => {
    const text = lines(0, 10);
    const from = { byte: 18, line: 3 };
    const inputs = [
      { name: "a", content: [text.slice(18)], from },
      { name: "b", content: new Blob([text]) },
    ];
    const run = read(() => readNdjson(inputs), { total: { bytes: async () => 2 * text.length } });
    let isOver = false;
    run.finished.finally(() => void (isOver = true));
    while (!isOver) await vi.advanceTimersByTimeAsync(100); // The platform reads a Blob in its own time.
    const { bytes, loaded } = await run.finished;
    expect([loaded, bytes]).toEqual([18, { read: 2 * text.length, total: 2 * text.length }]);
  });

  it("counts the bytes of a compressed input as they come", async () => {
    vi.useRealTimers(); // The platform has its own.
    const compressed = new Blob([lines(0, 99)]).stream()
      .pipeThrough(new CompressionStream("gzip"));
    const input = new Uint8Array(await new Response(compressed).arrayBuffer());
    const extract = () => readNdjson(input);
    const report = await etl({ name: "lines", extract, load: () => {} })
      .run({ batchSize: 10, total: { bytes: () => input.length } });
    expect(report.bytes).toEqual({ read: input.length, total: input.length });
  });

  it("tells nothing of a source that does not tell its bytes", async () => {
    const report = await numbers().run({ total: { bytes: 9 } });
    expect([report.bytes, report.total, report.missing]).toEqual([undefined, undefined, undefined]);
  });
});
