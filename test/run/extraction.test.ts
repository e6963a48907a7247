import { describe, expect, it } from "vitest";
import { type CancelledError, etl } from "../../src/index.ts";

describe("a source that comes after the run was drained", () => {
  it("is cancelled with the reason, and nothing of it is read", async () => {
    const cancelled: unknown[] = [];
    let pulls = 0;
    const items = new ReadableStream<number>({
      pull: (output) => output.enqueue(pulls++),
      cancel: (reason) => void cancelled.push(reason),
    }, { highWaterMark: 0 });
    const given = Promise.withResolvers<ReadableStream<number>>();
    const called = Promise.withResolvers<void>();
    const reason = new Error("enough");
    const stop = new AbortController();
    const run = etl<number>({
      name: "late",
      extract: () => (called.resolve(), given.promise),
      load: () => {},
    }).start({ signal: stop.signal });
    await called.promise;
    stop.abort(reason);
    given.resolve(items);
    const report = await run.finished.catch((error) => (error as CancelledError).report);
    expect(report).toMatchObject({ outcome: "drained", extracted: 0 });
    expect(cancelled).toEqual([reason]);
    expect(pulls).toBe(0);
    expect(items.locked).toBe(false);
  });
});

describe("the batches of a source", () => {
  it("are numbered in their order, by what was before them", async () => {
    const told: object[] = [];
    const items = [1, 2, 3, 4, 5];
    const load = (_: number[], { batch }: { batch: object }) => void told.push(batch);
    await etl<number>({ name: "numbered", extract: () => items, load }).run({ batchSize: 2 });
    expect(told).toMatchObject([
      { sequence: 0, offset: 0, size: 2 },
      { sequence: 1, offset: 2, size: 2 },
      { sequence: 2, offset: 4, size: 1 },
    ]);
  });
});
