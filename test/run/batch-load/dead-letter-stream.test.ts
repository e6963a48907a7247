import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  CancelledError,
  ConfigurationError,
  type DeadLetter,
  etl,
  wholeBatch,
} from "../../../src/index.ts";
import { KeptLetters } from "../../support/dead-letters/kept-letters.ts";
import { unhandledRejections } from "../../support/run/rejections.ts";
import { after, untilAborted, wait } from "../../support/run/time.ts";
import { expectSum, failureOf, reportOf, start } from "../../support/run/resilient-run.ts";

let unhandled: ReturnType<typeof unhandledRejections>;
beforeEach(() => {
  vi.useFakeTimers();
  unhandled = unhandledRejections();
});
afterEach(() => {
  vi.useRealTimers();
  unhandled.stop();
  expect(unhandled.reasons).toEqual([]);
});

const failure = new Error("poison");
const full = new Error("the disk is full");
const failAll = () => Promise.reject(failure);

/** Ways of a stream not to take letters: it keeps those before the item. */
function failingFrom(item: number): Record<string, KeptLetters> {
  return {
    "throws": new KeptLetters((letter) => {
      if (letter.item >= item) throw full;
    }),
    "rejects later": new KeptLetters(async (letter) => {
      await wait(20);
      if (letter.item >= item) throw full;
    }),
  };
}

describe("a dead-letter stream that fails", () => {
  it.each(["throws", "rejects later"])(
    "that %s fails the run, and drops nothing",
    async (way) => {
      for (const from of [0, 1, 3, 6]) {
        for (const member of ["transform", "transformBatch", "load"]) {
          for (const workers of [1, 3]) {
            const kept = failingFrom(from)[way]!;
            const error = await failureOf({ [member]: failAll }, {
              ...{ deadLetters: kept.stream, workers, batchSize: 2 },
              ...(member === "transform" && { concurrency: 1 }),
            });
            expect(error).toMatchObject({ stage: "deadLetters", cause: full });
            const { deadLettered, loaded, extracted, pending } = error.report!;
            expect([deadLettered, loaded]).toEqual([kept.letters.length, 0]);
            expect(pending).toBe(extracted - kept.letters.length);
            expect(kept.stream.locked).toBe(false);
          }
        }
      }
    },
  );

  it("from the start fails the run with the first letter, and not without one", async () => {
    const broken = () =>
      new WritableStream<DeadLetter<number>>({ start: () => Promise.reject(full) });
    expect(await reportOf({}, { deadLetters: broken() })).toMatchObject({ loaded: 8 });
    const error = await failureOf({ load: failAll }, { deadLetters: broken() });
    expect(error).toMatchObject({ stage: "deadLetters", cause: full });
    expect(error.errors).toEqual([full, expect.any(Error)]); // What the item failed with, too.
  });

  it("to close fails the run that has opened it", async () => {
    const deadLetters = () => new WritableStream({ close: () => Promise.reject(full) });
    const error = await failureOf({}, { deadLetters });
    expect(error).toMatchObject({ stage: "deadLetters", cause: full, report: { loaded: 8 } });
  });

  it("prevents further calls", async () => {
    const kept = new KeptLetters(() => Promise.reject(full));
    const load = vi.fn((_: unknown[]) => failAll());
    await failureOf({ load }, { deadLetters: kept.stream });
    expect(load.mock.calls.map(([rows]) => rows.length)).toEqual([4, 2, 1]);
  });
});

describe("a dead-letter stream whose writes never settle", () => {
  it("blocks the run until it is aborted, and its items are pending", async () => {
    const deaf = () => new Promise<never>(() => {});
    for (const member of ["transform", "load"]) {
      const kept = new KeptLetters(deaf);
      const run = start({ [member]: failAll }, { deadLetters: kept.stream, abortTimeout: 100 });
      expect((await after(1e6, run.finished)).state).toBe("pending");
      expect(run.snapshot()).toMatchObject({ deadLettered: 0, loaded: 0 });
      const { value } = await after(200, run.abort());
      expect(value).toBeInstanceOf(CancelledError);
      const { report } = value as CancelledError;
      expectSum(report!);
      expect(report).toMatchObject({ outcome: "aborted", deadLettered: 0 });
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it("does not change the report if a write settles after the run was over", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const kept = new KeptLetters(() => promise);
    const events: string[] = [];
    const observer = ({ type }: { type: string }) => void events.push(type);
    const options = { deadLetters: kept.stream, abortTimeout: 100, observer };
    const run = start({ load: failAll }, options);
    await vi.advanceTimersByTimeAsync(10);
    await after(300, run.abort());
    expect(events.at(-1)).toBe("run:end");
    resolve();
    await vi.advanceTimersByTimeAsync(1000);
    expect(kept.items).toEqual([0]);
    expect(run.snapshot()).toMatchObject({ deadLettered: 0, pending: 8 });
    expect(events.at(-1)).toBe("run:end");
  });

  it("for a while stops reading from the source", async () => {
    let given = 0;
    const extract = () =>
      new ReadableStream<number>({ pull: (output) => output.enqueue(given++) }, {
        highWaterMark: 0,
      });
    const kept = new KeptLetters(() => wait(1000));
    const options = { deadLetters: kept.stream, workers: 2, batchSize: 5, drainTimeout: Infinity };
    const run = start({ extract, load: failAll }, options);
    const most = 5 * (3 * 2 + 6);
    for (let second = 1; second <= 30; second++) {
      await vi.advanceTimersByTimeAsync(1000);
      expect(run.snapshot().pending).toBeLessThanOrEqual(most);
      expect(Math.abs(run.snapshot().deadLettered - second)).toBeLessThanOrEqual(1);
    }
    expect(given).toBeLessThanOrEqual(31 + most);
    await after(100_000, run.drain());
    expect(kept.letters).toHaveLength(run.snapshot().extracted);
  });

  it("receives no further letter after the run was aborted", async () => {
    const twice = { transformBatch: (items: number[]) => wholeBatch([...items, ...items]) };
    for (const members of [{}, twice]) {
      const kept = new KeptLetters(() => wait(50));
      const options = { deadLetters: kept.stream, isolate: "none" } as const;
      const run = start({ load: failAll, ...members }, options);
      await vi.advanceTimersByTimeAsync(75);
      const { value } = await after(1000, run.abort());
      expect(kept.items).toEqual([0, 1]); // The second was on its way.
      expect((value as CancelledError).report).toMatchObject({ deadLettered: 2 });
    }
  });
});

describe("a dead-letter stream", () => {
  const ends = ["completion", "failure", "abort", "drain"] as const;

  /** A run that comes to such an end. */
  async function end(
    how: typeof ends[number],
    deadLetters: KeptLetters["stream"] | (() => KeptLetters["stream"]),
  ) {
    const load = ([first]: unknown[], { signal }: { signal: AbortSignal }) => {
      if (first === 0) throw failure;
      if (how === "abort") return untilAborted(signal);
    };
    const postProcess = () => how === "failure" ? failAll() : undefined;
    const run = start({ load, postProcess }, { deadLetters, batchSize: 1 });
    await vi.advanceTimersByTimeAsync(10);
    if (how === "abort") run.abort();
    if (how === "drain") run.drain();
    return await after(100, run.finished);
  }

  it.each(ends)("that is given stays open and unlocked on %s", async (how) => {
    const kept = new KeptLetters();
    const { state } = await end(how, kept.stream);
    expect(state).toBe(how === "failure" || how === "abort" ? "rejected" : "fulfilled");
    expect([kept.items, kept.ends, kept.stream.locked]).toEqual([[0], [], false]);
    await end(how, kept.stream); // So that it serves another run.
    expect(kept.items).toEqual([0, 0]);
  });

  it.each(ends)("that a function has made is closed on %s", async (how) => {
    const kept = new KeptLetters();
    const make = vi.fn(() => kept.stream);
    await end(how, make);
    expect(make).toHaveBeenCalledTimes(1);
    expect([kept.items, kept.ends, kept.stream.locked]).toEqual([[0], ["close"], false]);
  });

  it("is made for each run, but not for one that cannot begin", async () => {
    const made: KeptLetters[] = [];
    const deadLetters = () => (made.push(new KeptLetters()), made.at(-1)!.stream);
    const pipeline = etl<number>({ name: "each", extract: () => [1], load: failAll }, {
      deadLetters,
    });
    expect(made).toHaveLength(0);
    await after(10, pipeline.run());
    await after(10, pipeline.run());
    expect(made.map(({ items, ends }) => [items, ends])).toEqual(Array(2).fill([[1], ["close"]]));
    await after(10, pipeline.run({ signal: AbortSignal.abort() }));
    expect(made).toHaveLength(2);
  });

  it("that is locked is rejected before anything is called", async () => {
    const kept = new KeptLetters();
    kept.stream.getWriter();
    const words = 'Cannot run pipeline "numbers" as ' +
      "'deadLetters' must be an unlocked WritableStream: " +
      "current value is an instance of WritableStream";
    expect(() => start({}, { deadLetters: kept.stream })).toThrow(new ConfigurationError(words));
    const extract = vi.fn(() => []);
    const error = await failureOf({ extract }, { deadLetters: () => kept.stream });
    expect(error).toMatchObject({ stage: "deadLetters", cause: { message: words } });
    expect(extract).not.toHaveBeenCalled();
  });

  it("that cannot be made fails the run before anything is extracted", async () => {
    const extract = vi.fn(() => []);
    const deadLetters = () => {
      throw full;
    };
    const error = await failureOf({ extract }, { deadLetters });
    expect(error).toMatchObject({ stage: "deadLetters", cause: full });
    expect(extract).not.toHaveBeenCalled();
  });
});
