import { describe, expect, it, vi } from "vitest";
import { type BucketOptions, checkBucketOptions } from "../../src/streams/bucket-options.ts";
import { SourceBatcher } from "../../src/streams/source-batcher.ts";
import { outcomeOf, turns } from "../support/outcomes/outcome.ts";

/** A batcher without a timer. */
function batcherOf(options: BucketOptions<number>) {
  const onReady = vi.fn();
  const limits = checkBucketOptions("batch", { timeout: Infinity, ...options });
  return { batcher: new SourceBatcher<number>(limits, onReady), onReady };
}

describe("SourceBatcher", () => {
  it("needs attention for the first item of a batch, and for the one that reaches the limit", () => {
    const { batcher, onReady } = batcherOf({ batchSize: 3 });
    const due: boolean[] = [];
    for (let item = 0; item < 7; item++) {
      due.push(batcher.push(item, 3));
      if (due.at(-1)) batcher.attend();
    }
    expect(due).toEqual([true, false, true, true, false, true, true]);
    expect([onReady.mock.calls.length, batcher.take(), batcher.take()]).toEqual([
      ...[2, [0, 1, 2], [3, 4, 5]],
    ]);
  });

  it("makes an owned array the batch, and copies any other", () => {
    const { batcher } = batcherOf({ batchSize: 2 });
    const [owned, lent] = [[1, 2], [3, 4]];
    batcher.addAll(owned, 0, 2, true);
    batcher.addAll(lent, 0, 2, false);
    expect(batcher.take()).toBe(owned);
    const copy = batcher.take();
    expect(copy).toEqual(lent);
    expect(copy).not.toBe(lent);
  });

  it("appends a part of an array to the open batch", () => {
    const { batcher } = batcherOf({ batchSize: 9 });
    batcher.add(0);
    batcher.addAll([1, 2, 3, 4], 1, 3, true);
    batcher.flush();
    expect(batcher.take()).toEqual([0, 2, 3]);
  });

  it("counts what is open, what is gathered and what was ever accepted", () => {
    const { batcher } = batcherOf({ batchSize: 2 });
    const counts = () => [batcher.size, batcher.gathered, batcher.accepted];
    for (const item of [1, 2, 3]) batcher.add(item);
    expect(counts()).toEqual([1, 3, 3]);
    batcher.take();
    expect(counts()).toEqual([1, 1, 3]);
    batcher.discard();
    expect(counts()).toEqual([0, 0, 3]);
  });

  it.each(["take", "discard"] as const)("has room again after %s()", async (method) => {
    const { batcher } = batcherOf({ batchSize: 1 });
    for (const item of [1, 2]) batcher.add(item);
    const room = outcomeOf(batcher.room());
    await turns();
    expect([batcher.isFull, room.state]).toEqual([true, "pending"]);
    batcher[method]();
    await turns();
    expect(room.state).toBe("fulfilled");
  });
});
