import { expect, it, vi } from "vitest";
import {
  BatchError,
  type BatchInfo,
  type DeadLetter,
  etl,
  MemoryCheckpointStore,
  type Pipeline,
  type RunOptions,
  skip,
  SplitError,
  wholeBatch,
} from "../../../src/index.ts";
import { storeAt } from "../../support/run/resume.ts";

const failure = new Error("broken");

/** The call of a load: its rows, and what it was told of them. */
type Told = [rows: number[], info: BatchInfo];

/** What the loads of the numbers from 0 to 7 are told, in batches of 4. */
async function toldOf(
  options: RunOptions<number>,
  members: Partial<Pipeline<number>> = {},
): Promise<Told[]> {
  const told: Told[] = [];
  const given = { checkpoints: new MemoryCheckpointStore(), batchSize: 4, ...options };
  const report = await etl<number>({
    name: "numbers",
    extract: () => [0, 1, 2, 3, 4, 5, 6, 7],
    ...members,
    load: (rows, context) => {
      told.push([[...rows], context.batch]);
      return members.load?.(rows, context);
    },
  }).run(given);
  expect(report.pending).toBe(0);
  if (given.checkpoints) {
    const { checkpoint } = report;
    expect(checkpoint).toMatchObject({ offset: 8, done: [] }); // Whatever became of the items.
    expect(given.checkpoints.read("numbers")).toEqual(checkpoint);
  }
  return told;
}

const deadLetters = () => new WritableStream<DeadLetter<number>>();

it("ctx.batch has the key, the ranges and the counts of what a load completes", async () => {
  const counts = { loaded: 4, skipped: 0, deadLettered: 0 };
  expect(await toldOf({})).toEqual([
    [[0, 1, 2, 3], {
      ...{ sequence: 0, offset: 0, size: 4, attempt: 1 },
      ...{ key: "numbers", ranges: [[0, 4]], counts },
    }],
    [[4, 5, 6, 7], {
      ...{ sequence: 1, offset: 4, size: 4, attempt: 1 },
      ...{ key: "numbers", ranges: [[4, 8]], counts },
    }],
  ]);
});

it("ctx.batch has none of them if the run has no checkpoints", async () => {
  const letters = { deadLetters };
  for (const options of [{}, letters]) {
    const [[, info]] = await toldOf({ checkpoints: undefined, ...options }) as [Told];
    expect(info).toEqual({ sequence: 0, offset: 0, size: 4, attempt: 1 });
  }
});

it("ctx.batch has the key of a partition", async () => {
  const checkpoints = new MemoryCheckpointStore();
  const keys: unknown[] = [];
  await etl<number>({
    name: "numbers",
    extract: () => [1],
    load: (_, { batch, pipeline }) => void keys.push(pipeline, batch.key),
  }).run({ checkpoints, partition: '"b' });
  expect(keys).toEqual(["numbers", '["numbers","\\"b"]']);
});

/** The rows, the first place, the size and the ranges that each load was told. */
async function rangesOf(...given: Parameters<typeof toldOf>): Promise<unknown[]> {
  return (await toldOf(...given)).map(([rows, { offset, size, ranges }]) => [
    rows,
    offset,
    size,
    ranges,
  ]);
}

it("ctx.batch.ranges include skipped items, wherever they stand", async () => {
  const transform = (n: number) => n % 2 === 0 ? skip : n;
  expect(await rangesOf({}, { transform })).toEqual([
    [[1, 3], 0, 4, [[0, 4]]],
    [[5, 7], 4, 4, [[4, 8]]],
  ]);
});

it("a batch with nothing to load causes no load, but is finished", async () => {
  const transform = (n: number) => n < 4 ? skip : n;
  expect(await rangesOf({}, { transform })).toEqual([[[4, 5, 6, 7], 4, 4, [[4, 8]]]]);
});

it("ctx.batch.ranges leave out what was finished before", async () => {
  const checkpoints = storeAt(1, [[2, 3], [6, 7]]);
  expect(await rangesOf({ checkpoints })).toEqual([
    [[1, 3, 4, 5], 1, 4, [[1, 2], [3, 6]]],
    [[7], 7, 1, [[7, 8]]],
  ]);
});

it("ctx.batch.ranges have the position of their last item, skipped or not", async () => {
  const checkpoints = storeAt(1, [[2, 3], [6, 7]]);
  const position = (n: number) => ({ after: n });
  const transform = (n: number) => n === 5 ? skip : n;
  expect(await rangesOf({ checkpoints, position }, { transform })).toEqual([
    [[1, 3, 4], 1, 4, [[1, 2, { after: 1 }], [3, 6, { after: 5 }]]],
    [[7], 7, 1, [[7, 8, { after: 7 }]]],
  ]);
});

it("ctx.batch.ranges are the same at each attempt", async () => {
  let calls = 0;
  const load = () => {
    if (++calls < 3) throw failure;
  };
  vi.useFakeTimers();
  const told = toldOf({ retry: { maxAttempts: 3, baseDelay: 10, jitter: "none" } }, { load });
  await vi.advanceTimersByTimeAsync(1000).finally(() => vi.useRealTimers());
  const tries = (await told).slice(0, 3).map(([, { attempt, ranges, sequence }]) => [
    attempt,
    ranges,
    sequence,
  ]);
  expect(tries).toEqual([[1, [[0, 4]], 0], [2, [[0, 4]], 0], [3, [[0, 4]], 0]]);
});

it("a part of a halved batch completes its items and the dead letters before it", async () => {
  const load = (rows: number[]) => {
    if (rows.includes(2)) throw failure;
  };
  expect(await rangesOf({ deadLetters }, { load })).toEqual([
    [[0, 1, 2, 3], 0, 4, [[0, 4]]],
    [[0, 1], 0, 2, [[0, 2]]],
    [[2, 3], 2, 2, [[2, 4]]],
    [[2], 2, 1, [[2, 3]]],
    [[3], 2, 2, [[2, 4]]],
    [[4, 5, 6, 7], 4, 4, [[4, 8]]],
  ]);
});

it("a dead letter that no load follows is finished", async () => {
  const load = (rows: number[]) => {
    if (rows.includes(7)) throw failure;
  };
  const told = await rangesOf({ deadLetters }, { load });
  expect(told.slice(-2)).toEqual([
    [[6], 6, 1, [[6, 7]]],
    [[7], 7, 1, [[7, 8]]],
  ]);
});

it("halves complete their items among skipped and finished ones", async () => {
  const checkpoints = storeAt(0, [[2, 3]]);
  const transform = (n: number) => n === 1 ? skip : n;
  const position = (n: number) => `#${n}`;
  const load = (rows: number[]) => {
    if (rows.length > 2) throw new SplitError();
  };
  const extract = () => [0, 1, 2, 3, 4, 5, 6, 7];
  const options = { checkpoints, position, batchSize: 5 };
  expect(await rangesOf(options, { extract, transform, load })).toEqual([
    // 0, 3, 4 and 5 are to be loaded; 1, which is left out, goes with the first of the loads.
    [[0, 3, 4, 5], 0, 5, [[0, 2, "#1"], [3, 6, "#5"]]],
    [[0, 3], 0, 3, [[0, 2, "#1"], [3, 4, "#3"]]],
    [[4, 5], 4, 2, [[4, 6, "#5"]]],
    [[6, 7], 6, 2, [[6, 8, "#7"]]],
  ]);
});

it("the load of the rest completes the items that a BatchError names", async () => {
  const load = (rows: number[]) => {
    const failures = [1, 2].filter((n) => rows.includes(n)).map((n) => rows.indexOf(n));
    if (failures.length > 0) throw new BatchError(new Map(failures.map((n) => [n, failure])));
  };
  expect(await rangesOf({ deadLetters }, { load })).toEqual([
    [[0, 1, 2, 3], 0, 4, [[0, 4]]],
    [[0, 3], 0, 4, [[0, 4]]],
    [[4, 5, 6, 7], 4, 4, [[4, 8]]],
  ]);
});

it("the load of a batch completes the items whose transform was dead-lettered", async () => {
  const transform = (n: number) => {
    if (n === 0 || n === 7) throw failure;
    return n;
  };
  expect(await rangesOf({ deadLetters }, { transform })).toEqual([
    [[1, 2, 3], 0, 4, [[0, 4]]],
    [[4, 5, 6], 4, 4, [[4, 8]]],
  ]);
});

it.each([
  ["longer", (items: number[]) => wholeBatch(items.flatMap((n) => [n, n])), [
    0,
    0,
    1,
    1,
    2,
    2,
    3,
    3,
  ]],
  ["shorter", (items: number[]) => wholeBatch(items.slice(1)), [1, 2, 3]],
])("all of a batch is completed if it has become %s", async (_, transformBatch, rows) => {
  const [first] = await rangesOf({}, { transformBatch });
  expect(first).toEqual([rows, 0, 4, [[0, 4]]]);
});

it("ranges are right although a load empties or keeps its array", async () => {
  const load = (rows: number[]) => {
    rows.length = 0;
  };
  expect(await rangesOf({}, { load })).toHaveLength(2);
});

it("items are acknowledged in the order of the source", async () => {
  const acknowledged: unknown[] = [];
  const transform = (n: number) => n === 1 ? skip : n;
  const load = (rows: number[]) => {
    if (rows.includes(2)) throw failure;
  };
  const acknowledge = (items: readonly number[]) => void acknowledged.push(items);
  await toldOf({ deadLetters }, { transform, load, acknowledge, replayable: true });
  expect(acknowledged).toEqual([[0, 1], [2, 3], [4, 5, 6, 7]]);
});
