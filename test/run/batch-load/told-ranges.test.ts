import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BatchError, chunks, MemoryCheckpointStore, type Pipeline } from "../../../src/index.ts";
import { failureOf, reportOf } from "../../support/run/resilient-run.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Notes the items and their places. */
function noting(told: unknown[]): Pipeline<number>["acknowledge"] {
  return (items, { ranges }) => void told.push([[...items], ranges]);
}

describe("what a source is told", () => {
  it("has the places of the items, also of a chunk that went into several batches", async () => {
    const told: unknown[] = [];
    const extract = () => chunks([[7, 7, 7], [7]]);
    await reportOf({ extract, acknowledge: noting(told) }, { batchSize: 2 });
    expect(told).toEqual([[[7, 7], [[0, 2]]], [[7, 7], [[2, 4]]]]);
  });

  it("has their positions, where the run has these", async () => {
    const told: unknown[] = [];
    const members = { acknowledge: noting(told), replayable: true };
    await reportOf(members, {
      batchSize: 4,
      checkpoints: new MemoryCheckpointStore(),
      position: (n) => n * 10,
    });
    expect(told).toEqual([[[0, 1, 2, 3], [[0, 4, 30]]], [[4, 5, 6, 7], [[4, 8, 70]]]]);
  });

  it("has the places of those that failed", async () => {
    const told: unknown[] = [];
    const error = new BatchError(new Map([[1, new Error("bad")]]));
    await failureOf({
      load: ([first]) => first === 4 ? Promise.reject(error) : undefined,
      reject: (items, reason, { ranges }) => void told.push(items, reason, ranges),
    });
    expect(told).toEqual([[4, 5, 6, 7], error, [[4, 8]]]);
  });
});

describe("the report of a run", () => {
  it("has its key, and its partition if it has one", async () => {
    expect(await reportOf()).toMatchObject({ key: "numbers" });
    const options = { checkpoints: new MemoryCheckpointStore(), partition: "north" };
    const { key, partition } = await reportOf({}, options);
    expect([key, partition]).toEqual(['["numbers","north"]', "north"]);
  });
});
