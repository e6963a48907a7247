import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chunks, etl, type LoadContext, SplitError } from "../../src/index.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("load of a run without retries", () => {
  it("cannot change the counts by changing its array", async () => {
    const report = await etl<number>({
      name: "careless",
      extract: () => [1, 2, 3],
      load: (rows, { batch }) => {
        rows.length = 0;
        Object.assign(batch, { size: 100 });
      },
    }).run({ batchSize: 2 });
    expect(report).toMatchObject({ extracted: 3, loaded: 3, skipped: 0, pending: 0 });
  });

  it.each(["sync", "async"])("cannot put anything into the source: %s", async (kind) => {
    const seen: number[][] = [];
    const load = (rows: number[]) => {
      seen.push([...rows]);
      rows.push(99);
    };
    const report = await etl<number>({
      name: "generous",
      extract: () => chunks([[1, 2], [3, 4]]),
      load: kind === "sync" ? load : async (rows) => load(rows),
    }).run({ batchSize: 2 });
    expect(seen).toEqual([[1, 2], [3, 4]]);
    expect(report).toMatchObject({ extracted: 4, loaded: 4, pending: 0 });
  });

  it.each(["sync", "async"])(
    "may throw a SplitError after it has changed its batch: %s",
    async (kind) => {
      const seen: number[][] = [];
      const load = (rows: number[], { batch }: LoadContext) => {
        seen.push([...rows]);
        Object.assign(batch, { size: 100, offset: 50, sequence: 7 });
        if (rows.length > 1) throw new SplitError();
      };
      const report = await etl<number>({
        name: "meddling",
        extract: () => [1, 2, 3, 4],
        load: kind === "sync" ? load : async (rows, context) => load(rows, context),
      }).run({ batchSize: 4 });
      expect(seen).toEqual([[1, 2, 3, 4], [1, 2], [1], [2], [3, 4], [3], [4]]);
      expect(report).toMatchObject({ extracted: 4, loaded: 4, skipped: 0, pending: 0 });
    },
  );

  it("receives the offsets of the halves of a batch", async () => {
    const told: number[][] = [];
    await etl<number>({
      name: "halved",
      extract: () => [1, 2, 3, 4],
      load: (rows, { batch: { offset, size } }) => {
        told.push([offset, size]);
        if (rows.length > 1) throw new SplitError();
      },
    }).run({ batchSize: 2 });
    expect(told).toEqual([[0, 2], [0, 1], [1, 1], [2, 2], [2, 1], [3, 1]]);
  });

  it("does not count as done if it was stopped half-way", async () => {
    const events: string[] = [];
    const run = etl<number>({
      name: "halved",
      extract: () => [1, 2],
      load: (rows) => {
        if (rows.length > 1) throw new SplitError();
        run.abort().catch(() => {});
      },
    }).start({ batchSize: 2, observer: ({ type }) => void events.push(type) });
    await expect(run.finished).rejects.toMatchObject({ report: { loaded: 1, pending: 1 } });
    expect(events).toEqual(["run:start", "run:abort", "run:end"]);
  });

  it("is not called for halves if it has added rows to its batch", async () => {
    const failure = new SplitError();
    const run = etl<number>({
      name: "meddling",
      extract: () => [1, 2],
      load: (rows) => {
        rows.push(3);
        throw failure;
      },
    }).run({ batchSize: 2 });
    await expect(run).rejects.toMatchObject({ stage: "load", cause: failure });
  });
});
