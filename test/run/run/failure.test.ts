import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  etl,
  EtlError,
  type Pipeline,
  PipelineError,
  type RunOptions,
} from "../../../src/index.ts";
import { ScriptedSource, sourceKinds } from "../../support/run/sources.ts";
import { after, untilAborted, wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Runs until something fails, and gives the error. */
async function failed(
  members: Partial<Pipeline<number>>,
  options: RunOptions<number> = {},
): Promise<PipelineError> {
  const pipeline = { name: "failing", extract: () => [0, 1, 2, 3, 4, 5, 6, 7], load: () => {} };
  const { value } = await after(10_000, etl<number>({ ...pipeline, ...members }).run(options));
  expect(value).toBeInstanceOf(PipelineError);
  expect(vi.getTimerCount()).toBe(0);
  return value as PipelineError;
}

const failure = new Error("disk full");

describe("a source that fails", () => {
  it.each(sourceKinds.flatMap((kind) => [0, 1, 4].map((reads) => [kind, reads] as const)))(
    "loads what was read before: %s, after %i reads",
    async (kind, reads) => {
      const source = new ScriptedSource({ kind, reads, end: "fail" });
      const loaded: number[] = [];
      const load = async (rows: number[]) => (await wait(5), void loaded.push(...rows));
      const error = await failed({ extract: () => source.source, load }, { batchSize: 3 });
      expect(error).toMatchObject({ stage: "extract", cause: source.failure });
      expect(error.errors).toEqual([source.failure]);
      expect(loaded).toEqual(Array.from({ length: source.given }, (_, n) => n));
      expect(error.report).toMatchObject({
        ...{ outcome: "failed", extracted: source.given, loaded: source.given, pending: 0 },
      });
      expect(source.cancelled).toEqual([]); // It has ended by itself.
    },
  );

  it('drops what was gathered with onError "discard", and counts it as pending', async () => {
    const source = new ScriptedSource({ kind: "async", reads: 5, end: "fail" });
    const loaded: number[] = [];
    const load = (rows: number[]) => void loaded.push(...rows);
    const options = { batchSize: 2, onError: "discard" } as const;
    const error = await failed({ extract: () => source.source, load }, options);
    expect(loaded).toEqual([0, 1, 2, 3]);
    expect(error.report).toMatchObject({ extracted: 5, loaded: 4, pending: 1 });
  });

  it("may fail while the run drains", async () => {
    const source = new ScriptedSource({
      kind: "stream",
      reads: 4,
      end: "never",
      onCancel: () => Promise.reject(failure),
    });
    const run = etl<number>({ name: "late", extract: () => source.source, load: () => wait(1) })
      .start();
    await vi.advanceTimersByTimeAsync(2);
    const { value } = await after(100, run.drain());
    expect(value).toBeInstanceOf(PipelineError);
    expect(value).toMatchObject({ stage: "extract", cause: failure });
    expect((value as PipelineError).report).toMatchObject({ outcome: "failed", loaded: 4 });
  });
});

const ways = {
  "throws": () => {
    throw failure;
  },
  "rejects": () => Promise.reject(failure),
  "rejects later": () => wait(3).then(() => Promise.reject(failure)),
  "gives a thenable that throws": () => ({
    then: () => {
      throw failure;
    },
  }),
};

/** Batches of two, whose items are mapped one after the other. */
const oneByOne = (member: string) => ({
  batchSize: 2,
  ...(member === "transform" && { concurrency: 1 }),
});

describe.each(["transform", "transformBatch", "load"])("a %s that fails", (member) => {
  const stage = member === "load" ? "load" : "transform";
  it.each(Object.entries(ways))("fails the run if it %s", async (_, fail) => {
    for (const at of [0, 1, 3]) {
      let calls = 0;
      const call = (input: unknown) => calls++ < at ? input : fail();
      const error = await failed({ [member]: call }, oneByOne(member));
      expect(error).toMatchObject({ stage, cause: failure, attempts: 1, pipeline: "failing" });
      expect(error.errors).toEqual([failure]);
      expect(calls).toBe(at + 1); // No further call has begun.
      const { extracted, loaded, pending } = error.report!;
      expect(pending).toBe(extracted - loaded);
      expect(pending).toBeGreaterThan(0);
    }
  });

  it("cancels the source with the error", async () => {
    for (const kind of sourceKinds) {
      const source = new ScriptedSource({ kind, reads: Infinity, end: "end" });
      await failed({ extract: () => source.source, [member]: ways.rejects });
      const isTold = kind.endsWith("stream");
      expect(source.cancelled).toEqual([isTold ? failure : undefined]);
      expect(source.stream?.locked ?? false).toBe(false);
    }
  });
});

describe("several failures in a run", () => {
  it("are all reported, the first as the cause, if they come in one tick", async () => {
    const errors = [0, 1, 2].map((n) => new Error(`worker ${n}`));
    const load = async ([n]: number[]) => {
      await wait(5);
      throw errors[n!];
    };
    const error = await failed({ load }, { workers: 3 });
    expect(error.errors).toEqual(errors);
    expect(error.cause).toBe(errors[0]);
    expect(error.message).toBe(`Pipeline "failing" failed in load: worker 0`);
  });

  it("do not include callbacks that rethrow the first, or an AbortError", async () => {
    const load = async ([n]: number[], { signal }: { signal: AbortSignal }) => {
      if (n === 1) throw failure;
      if (n === 2) await untilAborted(signal);
      const abort = new DOMException("This operation was aborted", "AbortError");
      await untilAborted(signal).catch(() => Promise.reject(abort));
    };
    expect((await failed({ load }, { workers: 4 })).errors).toEqual([failure]);
  });

  it("include an AbortError that no signal of the run has caused", async () => {
    const own = new DOMException("The user pressed stop", "AbortError");
    const error = await failed({ load: () => Promise.reject(own) });
    expect(error.errors).toEqual([own]);
  });

  it("include those of the source, of its cancellation, and of finalize()", async () => {
    const [cancel, finalize] = [new Error("cancel"), new Error("finalize")];
    for (const kind of ["stream", "async", "sync"] as const) {
      const onCancel = () => {
        throw cancel;
      };
      const source = new ScriptedSource({ kind, reads: Infinity, end: "end", onCancel });
      const error = await failed({
        extract: () => source.source,
        load: () => Promise.reject(failure),
        finalize: () => Promise.reject(finalize),
      });
      expect(error.errors).toEqual([failure, cancel, finalize]);
      expect(error.stage).toBe("load");
    }
    const source = new ScriptedSource({ kind: "async", reads: 1, end: "fail" });
    const load = () => wait(1).then(() => Promise.reject(failure));
    const error = await failed({ extract: () => source.source, load });
    expect(error).toMatchObject({ stage: "extract", errors: [source.failure, failure] });
  });

  it("are not hidden by a later abort", async () => {
    const stop = new AbortController();
    const load = async ([n]: number[]) => {
      if (n === 0) throw failure;
      await wait(50);
    };
    const run = etl<number>({ name: "both", extract: () => [0, 1, 2], load }).start({
      ...{ workers: 2, signal: stop.signal },
    });
    await vi.advanceTimersByTimeAsync(5);
    stop.abort(new Error("later"));
    const { value } = await after(100, run.abort(new Error("later still")));
    expect(value).toBeInstanceOf(PipelineError);
    expect(value).toMatchObject({ cause: failure, errors: [failure] });
  });
});

describe("sizeOf or flushWhen that fails", () => {
  it.each([
    ["sizeOf", "throws", ways.throws, "disk full"],
    ["flushWhen", "throws", ways.throws, "disk full"],
    [
      "sizeOf",
      "gives no size",
      () => -1,
      "Cannot measure item as 'sizeOf' must be a number of at least 0: current value is -1",
    ],
    [
      "flushWhen",
      "gives a promise",
      async () => false,
      "Cannot measure item as 'flushWhen' must be a boolean: " +
      "current value is an instance of Promise",
    ],
  ])("by %s, which %s, fails the run as its source does", async (name, _, fail, words) => {
    for (const kind of sourceKinds) {
      const source = new ScriptedSource({ kind, reads: Infinity, end: "end" });
      const loaded: number[] = [];
      const load = (rows: number[]) => void loaded.push(...rows);
      const fine = name === "sizeOf" ? 0 : false;
      const call = (n: number) => n === 5 ? fail() : fine;
      const error = await failed({ extract: () => source.source, load }, {
        batchSize: 4,
        [name]: call,
      });
      expect(error.message).toBe(`Pipeline "failing" failed in extract: ${words}`);
      expect(loaded).toEqual([0, 1, 2, 3, 4]);
      const { extracted, pending } = error.report!;
      expect([extracted, pending]).toEqual([source.given, source.given - 5]);
      expect(source.cancelled).toHaveLength(1);
      expect(source.stream?.locked ?? false).toBe(false);
    }
  });
});

describe("PipelineError", () => {
  it("has a name, a code, a message, and the report", async () => {
    const error = await failed({ load: ways.rejects });
    expect(error).toBeInstanceOf(EtlError);
    expect(error).toMatchObject({
      name: "PipelineError",
      code: "PIPELINE",
      message: `Pipeline "failing" failed in load: disk full`,
      report: { name: "failing", outcome: "failed" },
    });
    expect(error.cause).toBe(failure);
  });

  it.each([undefined, null, "a string", 7, { status: 500 }])(
    "keeps %o as its cause",
    async (thrown) => {
      for (const member of ["preProcess", "extract", "transform", "load", "finalize"]) {
        const error = await failed({ [member]: () => Promise.reject(thrown) });
        expect(error.message).toBe(`Pipeline "failing" failed in ${member}: ${thrown}`);
        expect(error.cause).toBe(thrown);
        expect(error.errors).toEqual([thrown]);
      }
    },
  );
});

it("a source that is slow to cancel is awaited if `sizeOf` throws", async () => {
  let isCancelled = false;
  const source = new ReadableStream<number>({
    pull: (output) => output.enqueue(1),
    cancel: async () => {
      await wait(50);
      isCancelled = true;
    },
  });
  const options = { sizeOf: () => -1 };
  const { finished } = etl({ name: "slow", extract: () => source, load: () => {} }).start(options);
  let wasCancelled: boolean | undefined;
  finished.catch(() => (wasCancelled = isCancelled));
  await vi.advanceTimersByTimeAsync(1000);
  expect(wasCancelled).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
