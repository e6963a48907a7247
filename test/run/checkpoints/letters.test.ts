import { describe, expect, it } from "vitest";
import {
  BatchError,
  type Checkpoint,
  type DeadLetter,
  etl,
  MemoryCheckpointStore,
  type Pipeline,
} from "../../../src/index.ts";

const failure = new Error("bad");
const isBad = (n: number) => n % 2 === 0;
const namesBad = (items: readonly number[]) => {
  const bad = items.flatMap((n, index) => isBad(n) ? [[index, failure] as const] : []);
  if (bad.length > 0) throw new BatchError(new Map(bad));
};

/** Counts what it is given to write. */
class CountingStore extends MemoryCheckpointStore {
  readonly written: Checkpoint[] = [];

  override write(key: string, checkpoint: Checkpoint): void {
    super.write(key, checkpoint);
    this.written.push(checkpoint);
  }
}

/** Each letter takes a macrotask, as in a file or a database. */
function letters(kept: number[]): WritableStream<DeadLetter<number>> {
  return new WritableStream({
    write: async ({ item }) => {
      await new Promise((resolve) => setTimeout(resolve));
      kept.push(item);
    },
  });
}

const stages: [string, Partial<Pipeline<number>>][] = [
  ["transform", {
    transform: (n) => {
      if (isBad(n)) throw failure;
      return n;
    },
  }],
  ["async transform", {
    transform: async (n) => {
      await null;
      if (isBad(n)) throw failure;
      return n;
    },
  }],
  ["transform of the batch", { transformBatch: (items) => (namesBad(items), items) }],
  ["load", { load: (items) => namesBad(items) }],
];

describe("thousands of dead letters in a batch", () => {
  it.each(stages)("cause few checkpoint writes if they come from the %s", async (_, members) => {
    const count = 400;
    const store = new CountingStore();
    const kept: number[] = [];
    const report = await etl<number>({
      name: "numbers",
      extract: () => Array.from({ length: 2 * count }, (_, n) => n),
      load: () => {},
      ...members,
    }).run({ batchSize: count, checkpoints: store, deadLetters: letters(kept) });
    expect(report).toMatchObject({ deadLettered: count, loaded: count });
    expect(report.checkpoint).toMatchObject({ offset: 2 * count, done: [] });
    expect(kept.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, n) => 2 * n),
    );
    expect(store.written.length).toBeLessThanOrEqual(2 * 2); // For two batches.
  });

  it("are recorded even if the batch never reaches its load", async () => {
    const store = new MemoryCheckpointStore();
    const kept: number[] = [];
    const load = () => {
      throw failure;
    };
    const pipeline = etl<number>({
      ...{ name: "numbers", extract: () => [0, 1, 2, 3, 4, 5], load },
      transform: (n) => {
        if (isBad(n)) throw failure;
        return n;
      },
    });
    const options = { checkpoints: store, deadLetters: letters(kept), batchSize: 6 };
    await expect(pipeline.run({ ...options, maxDeadLetters: 3 })).rejects.toThrow();
    expect(kept.toSorted()).toEqual([0, 2, 4]);
    expect(store.read("numbers")).toMatchObject({ offset: 1, done: [[2, 3], [4, 5]] });
  });
});
