import { describe, expect, it } from "vitest";
import {
  chunks,
  type DeadLetter,
  etl,
  malformed,
  many,
  MemoryCheckpointStore,
  type Pipeline,
  PipelineError,
  replay,
  type RunOptions,
  type Source,
} from "../../../src/index.ts";
import { KeptLetters } from "../../support/dead-letters/kept-letters.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";
import { FedStream, streamOf } from "../../support/streams/streams.ts";

const broken = new Error("broken");
const unread = (n: number) => malformed(`#${n}`, broken);
const given = () => [0, 1, 2, 3, 4, 5, 6, 7].map((n) => n === 2 || n === 5 ? unread(n) : n);

/** Runs a pipeline of numbers, and tells what it was called with. */
async function run(members: Partial<Pipeline<number>>, options: RunOptions<number> = {}) {
  const loaded: number[] = [];
  const mapped: number[] = [];
  const kept = new KeptLetters<number>();
  const pipeline: Pipeline<number> = {
    name: "numbers",
    extract: given,
    load: (rows) => void loaded.push(...rows),
    ...members,
  };
  const report = await etl(pipeline).run({ batchSize: 4, deadLetters: kept.stream, ...options });
  return { loaded, mapped, letters: kept.letters, report, pipeline };
}

const mappings: readonly [string, Partial<Pipeline<number>>][] = [
  ["none", {}],
  ["sync", { transform: (n) => n }],
  ["async", { transform: async (n) => n }],
  ["of a batch", { transformBatch: (ns) => ns }],
  ["of a batch, async", { transformBatch: async (ns) => ns }],
  ["to many rows", { transform: (n) => many([n]) }],
];

describe("an item that its source could not read, in a run with dead letters", () => {
  it.each(mappings)("becomes one of stage extract; transform: %s", async (_, members) => {
    const { loaded, letters, report } = await run(members);
    expect(loaded).toEqual([0, 1, 3, 4, 6, 7]);
    const letter = { error: broken, stage: "extract", attempts: 1, pipeline: "numbers" };
    expect(letters).toMatchObject([
      { ...letter, item: "#2", offset: 2 },
      { ...letter, item: "#5", offset: 5 },
    ]);
    expect(report).toMatchObject({ extracted: 8, loaded: 6, deadLettered: 2, pending: 0 });
    expect(report.deadLetterReasons).toEqual([
      { message: "broken", stage: "extract", count: 2, offset: 2 },
    ]);
  });

  it.each<[string, () => Source<number>]>([
    ["a stream", () => streamOf(given())],
    ["chunks", () => chunks([given().slice(0, 3), given().slice(3)])],
    ["a sync iterable", () => new Set(given())],
  ])("whatever the source is: %s", async (_, extract) => {
    const { loaded, letters } = await run({ extract });
    expect(loaded).toEqual([0, 1, 3, 4, 6, 7]);
    expect(letters).toHaveLength(2);
  });

  it("is not given to any function of the run, and acknowledged by what the source has", async () => {
    const seen: unknown[] = [];
    const see = (item: number) => void seen.push(item);
    const acknowledged: unknown[] = [];
    await run({
      extract: () => [malformed("first", broken), 1, malformed("last", broken)],
      transform: (n) => (see(n), n),
      acknowledge: (items) => void acknowledged.push(...items),
      replayable: true,
    }, {
      position: (n) => (see(n), n),
      checkpoints: new MemoryCheckpointStore(),
      sizeOf: (n) => (see(n), 1),
      flushWhen: (n) => (see(n), false),
      maxBytes: 100,
    });
    expect(new Set(seen)).toEqual(new Set([1]));
    expect(acknowledged).toEqual(["first", 1, "last"]);
  });

  it.each(mappings)("may be all that there is; transform: %s", async (_, members) => {
    const { loaded, report } = await run({ ...members, extract: () => [unread(1), unread(3)] });
    expect(loaded).toEqual([]);
    expect(report).toMatchObject({ outcome: "completed", deadLettered: 2, pending: 0 });
  });

  it.each(mappings)("counts for maxDeadLetters; transform: %s", async (_, members) => {
    const error = await errorOf(run(members, { maxDeadLetters: 1 }));
    expect(error).toMatchObject({ stage: "deadLetters", report: { deadLettered: 1 } });
    expect((error as PipelineError).errors).toContain(broken);
  });

  it("is tried again by no retry, while the items around it are", async () => {
    const calls: number[] = [];
    const transformBatch = (ns: number[]) => {
      calls.push(ns.length);
      if (calls.length < 3) throw new Error("for a moment");
      return ns;
    };
    const retry = { maxAttempts: 3, baseDelay: 0 };
    const { loaded, letters, report } = await run({ transformBatch }, { retry });
    expect(loaded).toEqual([0, 1, 3, 4, 6, 7]);
    expect(letters.map(({ attempts }) => attempts)).toEqual([1, 1]);
    expect([calls, report.retries]).toEqual([[3, 3, 3, 3], 2]);
  });

  it("is replayed by what the source has of it", async () => {
    const { letters, pipeline } = await run({});
    const mapped: unknown[] = [];
    const loaded: unknown[] = [];
    await replay(letters as DeadLetter<number>[], {
      ...pipeline,
      transform: (raw) => (mapped.push(raw), Number(String(raw).slice(1))),
      load: (rows) => void loaded.push(...rows),
    }).run();
    expect([mapped, loaded]).toEqual([["#2", "#5"], [2, 5]]);
  });
});

describe("an item that its source could not read, in a run without dead letters", () => {
  const failed = (members: Partial<Pipeline<number>>, options: RunOptions<number> = {}) => {
    const loaded: number[] = [];
    const load = (rows: number[]) => void loaded.push(...rows);
    const running = etl<number>({ name: "numbers", extract: given, load, ...members });
    return errorOf(running.run({ batchSize: 2, ...options })).then((error) => ({ error, loaded }));
  };

  it.each(mappings)("fails it after what came before; transform: %s", async (_, members) => {
    const { error, loaded } = await failed(members, { batchSize: 4 });
    expect(error).toBeInstanceOf(PipelineError);
    expect(error).toMatchObject({ stage: "extract", cause: broken, errors: [broken], attempts: 1 });
    expect(loaded).toEqual([0, 1]);
    const { extracted, pending } = (error as PipelineError).report!;
    expect(extracted).toBe(pending + 2);
    expect(pending).toBeGreaterThan(0);
  });

  it("cancels the source, and loads what comes before also with several workers", async () => {
    const source = new FedStream<number>();
    source.give(...given());
    const { error, loaded } = await failed({ extract: () => source.stream }, { workers: 3 });
    expect(error).toMatchObject({ stage: "extract", cause: broken });
    expect(loaded).toEqual([0, 1]);
    expect(source.cancelled).toEqual([broken]);
  });

  it.each([[1, []], [2, []], [3, [0, 1]]])(
    "is the first of its batch, or not: %i",
    async (batchSize, expected) => {
      const extract = () => batchSize === 3 ? given() : [malformed(1, broken), 2, 3];
      const { error, loaded } = await failed({ extract }, { batchSize });
      expect(error).toMatchObject({ stage: "extract", cause: broken });
      expect(loaded).toEqual(expected);
    },
  );

  it("takes its batch with it where what is gathered is discarded", async () => {
    const { error, loaded } = await failed({}, { batchSize: 3, onError: "discard" });
    expect(error).toMatchObject({ stage: "extract", cause: broken });
    expect(loaded).toEqual([]);
  });

  it("marks what came before, with or without other means to recover", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const { error } = await failed({}, { checkpoints, retry: { maxAttempts: 2 } });
    expect(error).toMatchObject({ stage: "extract", attempts: 1 });
    expect(checkpoints.read("numbers")).toMatchObject({ offset: 2, done: [] });
  });
});
