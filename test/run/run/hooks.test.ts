import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  chunks,
  etl,
  type LoadContext,
  type Pipeline,
  type PipelineContext,
  type PipelineError,
} from "../../../src/index.ts";
import { errorOf } from "../../support/run/time.ts";
import { streamOf } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const hooks = ["preProcess", "extract", "transform", "load", "postProcess", "finalize"] as const;

/** A pipeline of one item that tells which of its members were called. */
function told(calls: unknown[], members: Partial<Pipeline<number>> = {}): Pipeline<number> {
  return {
    name: "told",
    preProcess: () => void calls.push("preProcess"),
    extract: () => (calls.push("extract"), [1]),
    transform: (n) => (calls.push("transform"), n),
    load: () => void calls.push("load"),
    postProcess: () => void calls.push("postProcess"),
    finalize: (outcome) => void calls.push("finalize", outcome),
    ...members,
  };
}

describe("the functions of a pipeline", () => {
  it("are called once each, in order", async () => {
    const calls: unknown[] = [];
    const { outcome } = await etl(told(calls)).run();
    expect(calls).toEqual([...hooks, "completed"]);
    expect(outcome).toBe("completed");
  });

  it("are awaited", async () => {
    const calls: unknown[] = [];
    const slowly = (name: string) => async () => {
      calls.push(name);
      await null;
      await null;
      calls.push(`${name} is done`);
    };
    await etl(told(calls, {
      preProcess: slowly("preProcess"),
      postProcess: slowly("postProcess"),
      finalize: slowly("finalize"),
    })).run();
    expect(calls).toEqual([
      ...["preProcess", "preProcess is done", "extract", "transform", "load"],
      ...["postProcess", "postProcess is done", "finalize", "finalize is done"],
    ]);
  });

  it.each([
    ["preProcess", ["finalize", "failed"]],
    ["extract", ["preProcess", "finalize", "failed"]],
    ["transform", ["preProcess", "extract", "finalize", "failed"]],
    ["load", ["preProcess", "extract", "transform", "finalize", "failed"]],
    ["postProcess", ["preProcess", "extract", "transform", "load", "finalize", "failed"]],
    ["finalize", ["preProcess", "extract", "transform", "load", "postProcess"]],
  ])("are not called after %s has failed, except finalize()", async (stage, expected) => {
    for (
      const fail of [() => Promise.reject(failure), () => {
        throw failure;
      }]
    ) { // deno-fmt-ignore
      const calls: unknown[] = [];
      const error = await errorOf(etl(told(calls, { [stage]: fail })).run()) as PipelineError;
      expect(calls).toEqual(expected);
      expect(error.stage).toBe(stage);
      expect(error.cause).toBe(failure);
      expect(error.report?.outcome).toBe("failed");
    }
  });
  const failure = new Error("no");

  it("are called with the `this` of their instance", async () => {
    class Doubler implements Pipeline<number> {
      readonly name = "doubler";
      readonly loaded: number[] = [];
      #calls = 0;
      extract() {
        return [1, 2].slice(this.#calls++);
      }
      transform(n: number) {
        this.#calls++;
        return 2 * n;
      }
      load(rows: number[]) {
        this.loaded.push(...rows);
      }
      finalize() {
        this.loaded.push(this.#calls);
      }
    }
    const doubler = new Doubler();
    await etl(doubler).run({ batchSize: 2 });
    expect(doubler.loaded).toEqual([2, 4, 3]);
  });

  it("receive the signal, the pipeline and the run id", async () => {
    const contexts: (PipelineContext | LoadContext)[] = [];
    const tell = (context: PipelineContext) => void contexts.push(context);
    const run = etl<number>({
      name: "contexts",
      preProcess: tell,
      extract: (context) => (tell(context), [1]),
      transform: (n, context) => (tell(context), n),
      load: (_, context) => tell(context),
      postProcess: tell,
      finalize: (_, context) => tell(context),
    }).start();
    await run.finished;
    expect(contexts).toHaveLength(6);
    for (const context of contexts) {
      expect(context).toMatchObject({ pipeline: "contexts", runId: run.runId });
      expect(context.signal).toBeInstanceOf(AbortSignal);
      expect(context.signal).toBe(contexts[0]!.signal);
      expect(Object.isFrozen(context)).toBe(!("batch" in context));
    }
    expect(run.name).toBe("contexts");
  });

  it("receive a new run id each time", async () => {
    const runs: string[] = [];
    const pipeline = etl<number>({
      name: "again",
      extract: () => [1],
      load: (_, { runId }) => void runs.push(runId),
    });
    const reports = await Promise.all([pipeline.run(), pipeline.run()]);
    expect(new Set(runs).size).toBe(2);
    expect(reports.map(({ runId }) => runId)).toEqual(runs);
  });
});

describe("extract", () => {
  const kinds = {
    "an array": () => [1, 2, 3],
    "an iterable": () => new Set([1, 2, 3]),
    "a generator": function* () {
      yield* [1, 2, 3];
    },
    "an async generator": async function* () {
      yield* [1, 2, 3];
    },
    "a stream": () => streamOf([1, 2, 3]),
    "chunks of arrays": () => chunks([[1, 2], [], [3]]),
    "chunks of a stream": () => chunks(streamOf([[1], [2, 3]])),
    "a promise of an array": async () => [1, 2, 3],
    "a promise of a stream": async () => streamOf([1, 2, 3]),
    "a thenable": () => ({
      then: (resolve: (source: number[]) => void) => resolve([1, 2, 3]),
    } as unknown as Promise<number[]>),
  };
  it.each(Object.entries(kinds))("may return %s", async (_, extract) => {
    const loaded: unknown[] = [];
    const load = (rows: unknown[]) => void loaded.push(rows);
    const report = await etl({ name: "kinds", extract, load } as Pipeline<unknown>).run({
      batchSize: 2,
    });
    expect(loaded.map((rows) => (rows as unknown[]).map(Number))).toEqual([[1, 2], [3]]);
    expect(report).toMatchObject({ extracted: 3, loaded: 3, batches: 2 });
  });

  const locked = streamOf([1]);
  locked.getReader();
  const words = "a ReadableStream, an iterable, or one of them in chunks()";
  it.each([
    [undefined, `${words}: current value is undefined`],
    [null, `${words}: current value is null`],
    [7, `${words}: current value is 7`],
    [{}, `${words}: current value is an object`],
    [new Map().forEach, `${words}: current value is a function`],
    [chunks(5 as unknown as number[][]), `${words}: current value is 5`],
    [locked, "an unlocked stream: current value is an instance of ReadableStream"],
  ])("fails if it returns %o", async (source, rule) => {
    const calls: unknown[] = [];
    const extract = () => source as number[];
    const error = await errorOf(etl(told(calls, { extract })).run()) as PipelineError;
    const sentence = `'extract' must be a function that returns ${rule}`;
    expect(error.message).toBe(`Pipeline "told" failed in extract: ${sentence}`);
    const message = `Cannot run pipeline "told" as ${sentence}`;
    expect(error.cause).toMatchObject({ name: "ConfigurationError", message });
    expect(calls).toEqual(["preProcess", "finalize", "failed"]);
  });

  it("fails if a chunk is not an array, and cancels the source", async () => {
    const cancelled: unknown[] = [];
    const stream = new ReadableStream({
      pull: (output) => output.enqueue("no array"),
      cancel: (reason) => void cancelled.push(reason),
    });
    const extract = () => chunks(stream as ReadableStream<never[]>);
    const error = await errorOf(etl(told([], { extract })).run()) as PipelineError;
    const sentence = `Cannot read chunk as 'chunk' must be an array: current value is "no array"`;
    expect(error.message).toBe(`Pipeline "told" failed in extract: ${sentence}`);
    expect(cancelled).toEqual([error.cause]);
    expect(stream.locked).toBe(false);
  });
});
