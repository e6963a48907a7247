import { afterEach, describe, expect, it, vi } from "vitest";
import { CancelledError, etl, PipelineError } from "../../../src/index.ts";
import { nextMacrotask } from "../../../src/runtime/macrotask.ts";

afterEach(() => void vi.restoreAllMocks());

/** A sync source of numbers that counts how often it is returned. */
function countedSource(): { items: Iterable<number>; returned: () => number } {
  let count = 0;
  const items = function* () {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      count++;
    }
  };
  return { items: items(), returned: () => count };
}

it("a sync source is returned once if `sizeOf` drains the run and throws", async () => {
  const { items, returned } = countedSource();
  const failure = new Error("no size");
  const sizeOf = (n: number) => {
    if (n < 3) return 1;
    void run.drain();
    throw failure;
  };
  const run = etl({ name: "sizes", extract: () => items, load: () => {} }).start({ sizeOf });
  const error = await run.finished.catch((error) => error);
  expect(error).toBeInstanceOf(PipelineError);
  expect(error).toMatchObject({ cause: failure, stage: "extract" });
  expect(error.report).toMatchObject({ extracted: 4, loaded: 3, pending: 1 });
  expect(returned()).toBe(1);
});

it("a run drains although the source throws the reason of its signal", async () => {
  const items = new ReadableStream<number>({
    start: (output) => output.enqueue(1),
    cancel: (reason) => {
      throw reason;
    },
  });
  const { promise: isLoaded, resolve } = Promise.withResolvers<void>();
  const run = etl({ name: "echo", extract: () => items, load: () => resolve() }).start();
  await isLoaded;
  expect(await run.drain()).toMatchObject({ outcome: "drained", loaded: 1 });
});

describe("errors whose properties throw", () => {
  const trap = () => {
    throw new Error("hidden");
  };

  it.each([
    ["a proxy", new Proxy({}, { get: trap, getPrototypeOf: trap, has: trap })],
    ["one whose name throws", Object.defineProperty(new Error("shy"), "name", { get: trap })],
  ])("are reported as they are: %s", async (_, hidden) => {
    const both = Promise.withResolvers<void>();
    const load = async ([n]: number[]) => {
      if (n === 1) both.resolve();
      await both.promise;
      throw n === 0 ? new Error("first") : hidden;
    };
    const run = etl({ name: "shy", extract: () => [0, 1], load }).run({ workers: 2 });
    const error = await run.catch((error) => error);
    expect(error).toBeInstanceOf(PipelineError);
    expect(error.errors).toHaveLength(2);
    expect(error.errors[1]).toBe(hidden);
  });
});

it("a batch of slow synchronous transforms lets timers run", async () => {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now++); // Every look is a millisecond later.
  let calls = 0;
  const pipeline = etl({
    name: "busy",
    extract: () => Array.from({ length: 200_000 }, (_, n) => n),
    transform: (n) => (calls++, now++, n),
    load: () => {},
  });
  const run = pipeline.start({ batchSize: 200_000, drainTimeout: 0 });
  void nextMacrotask().then(() => void run.abort());
  await expect(run.finished).rejects.toBeInstanceOf(CancelledError);
  expect(calls).toBeLessThan(200_000);
});
