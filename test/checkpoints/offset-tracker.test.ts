import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advance, blankCheckpoint, type DoneRange } from "../../src/checkpoints/checkpoint.ts";
import { offsetOf, OffsetTracker, rangesOfIndices } from "../../src/checkpoints/offset-tracker.ts";
import { seeded } from "../support/streams/schedules.ts";

const checkpoint = { offset: 2, done: [[4, 6], [7, 8]] as DoneRange[], updatedAt: 0 };

/** The places in ranges, one by one. */
function flat(ranges: readonly DoneRange[]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, n) => from + n));
}

describe("OffsetTracker", () => {
  it("counts from 0 if nothing is finished", () => {
    const numbering = new OffsetTracker(blankCheckpoint, false);
    expect([1, 2, 3].map(() => numbering.isDone())).toEqual([false, false, false]);
    expect([numbering.take(2), numbering.take(1)]).toEqual([[[0, 2]], [[2, 3]]]);
  });

  it("knows which offsets are finished, below the checkpoint and above it", () => {
    const numbering = new OffsetTracker(checkpoint, false);
    const done = Array.from({ length: 10 }, () => numbering.isDone());
    expect(done).toEqual([true, true, false, false, true, true, false, true, false, false]);
    expect(numbering.take(3)).toEqual([[2, 4], [6, 7]]);
    expect(numbering.take(2)).toEqual([[8, 10]]);
  });

  it("passes finished offsets with the first item behind them", () => {
    expect(new OffsetTracker(blankCheckpoint, false).isPast).toBe(true);
    const numbering = new OffsetTracker(checkpoint, false);
    const past = Array.from({ length: 9 }, () => (numbering.isDone(), numbering.isPast));
    expect(past).toEqual([...Array<boolean>(8).fill(false), true]);
  });

  it("begins at the offset where the source begins", () => {
    const numbering = new OffsetTracker(checkpoint, true);
    const done = Array.from({ length: 7 }, () => numbering.isDone());
    expect(done).toEqual([false, false, true, true, false, true, false]);
    expect(numbering.take(4)).toEqual([[2, 4], [6, 7], [8, 9]]);
  });

  it("does not begin an empty range at the end of a batch", () => {
    const numbering = new OffsetTracker(checkpoint, false);
    expect([numbering.take(2), numbering.take(1)]).toEqual([[[2, 4]], [[6, 7]]]);
    expect(numbering.take(0)).toEqual([]);
  });

  it("opens an array unchanged if nothing in it can be finished", () => {
    const items = ["a", "b", "c"];
    expect(new OffsetTracker(blankCheckpoint, false).open(items)).toBe(items);
    const numbering = new OffsetTracker({ ...checkpoint, done: [] }, false);
    expect(numbering.open(items)).toEqual(["c"]);
    expect(numbering.open(items)).toBe(items);
  });

  const finished = fc.array(
    fc.tuple(fc.nat(40), fc.nat(6)).map(([from, length]): DoneRange => [from, from + length]),
    { maxLength: 10 },
  );

  it("drops finished items and numbers the rest, as a naive count does", () => {
    fc.assert(
      fc.property(
        finished,
        fc.boolean(),
        fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 60, maxLength: 60 }),
        (ranges, isAtOffset, chunks, sizes) => {
          const known = advance(blankCheckpoint, ranges);
          const numbering = new OffsetTracker(known, isAtOffset);
          const isDone = (place: number) =>
            place < known.offset || flat(known.done).includes(place);
          const first = isAtOffset ? known.offset : 0;
          let read = first;
          const given: number[] = [];
          for (const chunk of chunks) { // 0 stands for an item that comes alone.
            const places = Array.from({ length: Math.max(chunk, 1) }, () => read++);
            if (chunk > 0) given.push(...numbering.open(places));
            else if (!numbering.isDone()) given.push(...places);
          }
          const open = Array.from({ length: read - first }, (_, n) => first + n)
            .filter((place) => !isDone(place));
          expect(given).toEqual(open);
          const taken: DoneRange[][] = [];
          for (let left = given.length; left > 0;) {
            const size = Math.min(left, sizes[taken.length]!);
            taken.push(numbering.take(size));
            expect(flat(taken.at(-1)!)).toHaveLength(size);
            left -= size;
          }
          expect(flat(taken.flat())).toEqual(open);
          for (const batch of taken) expectApart(batch);
        },
      ),
      seeded,
    );
  });

  /** As few ranges as can be: none is empty, and none begins where another ends. */
  function expectApart(ranges: readonly DoneRange[]): void {
    ranges.forEach(([from, to], index) => {
      expect(from).toBeLessThan(to);
      if (index > 0) expect(from).toBeGreaterThan(ranges[index - 1]![1]);
    });
  }

  it("returns the offsets of items by their index, as a list of all offsets does", () => {
    const batches = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
      {
        ...{ minLength: 1, maxLength: 6 },
      },
    );
    fc.assert(
      fc.property(batches, fc.array(fc.nat(30)), (pairs, picks) => {
        let end = 0;
        const ranges = pairs.map(([gap, length]): DoneRange => [end += gap, end += length]);
        const all = flat(ranges);
        const indices = [...new Set(picks)].filter((index) => index < all.length);
        const places = rangesOfIndices(ranges, indices);
        expect(flat(places)).toEqual(indices.map((index) => all[index]).sort((a, b) => a! - b!));
        expectApart(places);
        for (const [, to, last] of places) expect(all[last]).toBe(to - 1);
        expect(indices.map((index) => offsetOf(ranges, index))).toEqual(indices.map((n) => all[n]));
      }),
      seeded,
    );
  });

  it("has no offset for an item that the batch does not have", () => {
    expect(() => offsetOf([[3, 5]], 2)).toThrow(new RangeError("The batch has no item 2"));
  });
});
