import { afterAll, describe, expect, it } from "vitest";
import {
  BatchError,
  ConfigurationError,
  type DeadLetter,
  etl,
  MemoryCheckpointStore,
  type Pipeline,
  PipelineError,
  type RunOptions,
  skip,
} from "../../../src/index.ts";
import { unhandledRejections } from "../../support/run/rejections.ts";

interface Row {
  readonly id: number;
}

const rejections = unhandledRejections();
afterAll(() => rejections.stop());

const rows = (count: number): Row[] => Array.from({ length: count }, (_, id) => ({ id }));

/** Runs a pipeline of 12 rows, and gives what it failed with, what it loaded, and its store. */
async function failureOf(
  options: RunOptions<Row>,
  members: Partial<Pipeline<Row>> = {},
): Promise<{ error: PipelineError; loaded: number[]; store: MemoryCheckpointStore }> {
  const store = new MemoryCheckpointStore();
  const loaded: number[] = [];
  const pipeline: Pipeline<Row> = {
    name: "rows",
    extract: () => rows(12),
    load: (batch) => void loaded.push(...batch.map(({ id }) => id)),
    ...members,
  };
  const deadLetters = new WritableStream<DeadLetter<Row>>();
  const all = { checkpoints: store, resume: "source", deadLetters, ...options } as const;
  const error = await etl(pipeline).run(all).then(() => undefined, (error) => error);
  expect(error).toBeInstanceOf(PipelineError);
  return { error, loaded, store };
}

/** Checks that a run was refused by the name of the option. */
function expectRefusal(error: PipelineError, words: string): void {
  expect(error.stage).toBe("checkpoints");
  expect(error.cause).toBeInstanceOf(ConfigurationError);
  expect((error.cause as Error).message).toBe(
    `Cannot run pipeline "rows" as 'position' must be ${words}`,
  );
}

const ofJson = "a value that JSON can hold, such as a string or a number: current value is ";

describe("the option `position`", () => {
  it.each<[string, unknown, string]>([
    ["undefined", undefined, "undefined"],
    ["NaN", Number.NaN, "NaN"],
    ["Infinity", Infinity, "Infinity"],
    ["a function", () => 1, "a function"],
    ["a symbol", Symbol("a"), "Symbol(a)"],
    ["a bigint", 5n, "5n"],
    ["a date", new Date(0), "an instance of Date"],
    ["undefined inside", { token: undefined, index: 1 }, "undefined"],
  ])("that returns %s is rejected by name before anything is loaded", async (_, at, shown) => {
    const { error, loaded, store } = await failureOf({ position: () => at, batchSize: 5 });
    expectRefusal(error, ofJson + shown);
    expect([loaded, store.read("rows")]).toEqual([[], undefined]);
  });

  it("that returns a promise is rejected, without an unhandled rejection", async () => {
    const position = async ({ id }: Row) => await Promise.reject(new Error(`no ${id}`));
    const { error, loaded } = await failureOf({ position });
    const step = "(read it with the item, and return it from there)";
    const words = `a value, not a promise ${step}: current value is an instance of Promise`;
    expectRefusal(error, words);
    expect(loaded).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(rejections.reasons).toEqual([]);
  });

  it.each([0, 1, 2, 3, 4, 7, 11])(
    "that returns undefined for item %i alone is rejected, and the stored one stays",
    async (bad) => {
      for (const batchSize of [1, 3, 5, 12]) {
        const position = ({ id }: Row) => id === bad ? undefined : `#${id}`;
        const { error, loaded, store } = await failureOf({ position, batchSize });
        expectRefusal(error, `${ofJson}undefined`);
        const first = bad - bad % batchSize; // Of the batch of the bad item.
        expect(loaded).toEqual(rows(first).map(({ id }) => id));
        const kept = first === 0 ? undefined : { offset: first, position: `#${first - 1}` };
        expect(store.read("rows") ?? {}).toMatchObject(kept ?? {});
        expect(store.read("rows") === undefined).toBe(kept === undefined);
      }
    },
  );

  const ends: [string, Partial<Pipeline<Row>>][] = [
    ["skipped", { transform: (row) => row.id % 2 === 0 ? skip : row }],
    ["given up on by the transform", {
      transform: (row) => {
        if (row.id % 2 === 0) throw new Error("bad");
        return row;
      },
    }],
    ["given up on by the load", {
      load: (batch) => {
        if (batch.some(({ id }) => id % 2 === 0)) throw new Error("bad");
      },
    }],
    ["left out by the batch", { transformBatch: (batch) => [skip, ...batch.slice(1)] }],
  ];
  it.each(ends)(
    "that returns undefined is also rejected after items that were %s",
    async (_, members) => {
      for (const bad of [0, 4, 5]) {
        const position = ({ id }: Row) => id === bad ? undefined : id;
        const { error, store } = await failureOf({ position, batchSize: 6 }, members);
        expectRefusal(error, `${ofJson}undefined`);
        expect(store.read("rows")).toBe(undefined);
      }
    },
  );

  it("may be left out by a run without losing the stored position", async () => {
    for (const resume of ["skip", "source"] as const) {
      const store = new MemoryCheckpointStore();
      const kept = { offset: 2, done: [], position: "#1", updatedAt: 1 };
      store.write("rows", kept);
      const { error, loaded } = await failureOf({ checkpoints: store, resume });
      const rule = "given, as the checkpoint has a position, which would be lost (pass the " +
        "function that returned it, or delete the checkpoint to start over): current value is ";
      expectRefusal(error, `${rule}undefined`);
      expect([loaded, store.read("rows")]).toEqual([[], kept]);
    }
  });

  it.each<[string, () => (row: Row) => unknown]>([
    ["an object", () => {
      const at = { id: -1 };
      return ({ id }) => Object.assign(at, { id });
    }],
    ["an array", () => {
      const at = [-1];
      return ({ id }) => (at[0] = id, at);
    }],
    ["an object in an object", () => {
      const at = { after: { id: -1 } };
      return ({ id }) => (at.after.id = id, at);
    }],
  ])("may be %s that is reused for each item", async (_, positionOf) => {
    const loaded: number[] = [];
    const store = new MemoryCheckpointStore();
    const load = (batch: Row[]) => {
      const isBad = batch.some(({ id }) => id === 6);
      if (isBad && batch.length > 1) throw new BatchError(new Map([[2, "6"]]));
      loaded.push(...batch.map(({ id }) => id));
    };
    const deadLetters = new WritableStream<DeadLetter<Row>>({
      write: () => Promise.reject(new Error("away")),
    });
    const run = etl({ name: "rows", extract: () => rows(12), load }).run({
      ...{
        batchSize: 4,
        checkpoints: store,
        resume: "source",
        position: positionOf(),
        deadLetters,
      },
    });
    await expect(run).rejects.toThrow("away");
    expect(loaded).toEqual([0, 1, 2, 3]);
    const { position } = store.read("rows")!;
    expect(JSON.stringify(position)).toContain("3");
  });
});
