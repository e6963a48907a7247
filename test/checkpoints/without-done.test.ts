import { describe, expect, it } from "vitest";
import { withoutDone } from "../../src/checkpoints/without-done.ts";
import { advance, type Checkpoint, type DoneRange } from "../../src/checkpoints/checkpoint.ts";

const blank: Checkpoint = { offset: 0, done: [], updatedAt: 0 };
const at = (from: number, to: number): DoneRange => [from, to, `p${to}`];
const loaded = (count: number) => ({ loaded: count, skipped: 0, deadLettered: 0 });

describe("withoutDone()", () => {
  it.each<[string, DoneRange[], DoneRange[], DoneRange[], Partial<Checkpoint>]>([
    ["the first part", [], [at(0, 3)], [], { offset: 0, done: [] }],
    ["the last one", [at(0, 3)], [at(3, 6)], [], { offset: 3, position: "p3", done: [] }],
    ["one that is apart", [at(0, 3)], [at(5, 6)], [], { offset: 3, position: "p3", done: [] }],
    [
      "one before others",
      [at(0, 3)],
      [at(3, 6)],
      [at(6, 9), at(12, 15)],
      { offset: 3, position: "p3", done: [at(6, 9), at(12, 15)] },
    ],
    [
      "one behind others",
      [at(0, 3)],
      [at(6, 9)],
      [at(3, 6)],
      { offset: 3, position: "p3", done: [[3, 6, null]] },
    ],
    [
      "one of two ranges, between others",
      [],
      [at(3, 6), at(9, 12)],
      [at(6, 9), at(12, 15)],
      { offset: 0, done: [[6, 9, null], at(12, 15)] },
    ],
    [
      "one without positions",
      [[0, 3]],
      [[6, 9]],
      [[3, 6], [9, 12]],
      { offset: 3, done: [[3, 6], [9, 12]] },
    ],
    ["one that was partly finished", [at(0, 4)], [at(3, 6)], [], {
      ...{ offset: 4, position: "p4", done: [] },
    }],
  ])("takes away %s, and leaves what else is finished", (_, earlier, part, later, left) => {
    const before = advance(blank, earlier);
    const after = advance(advance(before, part), later);
    const next = withoutDone(after, { ranges: part, counts: undefined }, before);
    expect(next).toEqual({ updatedAt: 0, ...left });
    expect(advance(next, part)).toEqual(after);
  });

  it("takes its counts away, and leaves letters of its items from before", () => {
    const before = advance(blank, [[1, 2]], { loaded: 0, skipped: 0, deadLettered: 1 });
    const counts = { loaded: 2, skipped: 0, deadLettered: 1 };
    const after = advance(advance(before, [[0, 3]], counts), [[3, 5]], loaded(2));
    expect(after.counts).toEqual({ loaded: 4, skipped: 0, deadLettered: 1 });
    const next = withoutDone(after, { ranges: [[0, 3]], counts }, before);
    expect(next).toMatchObject({ offset: 0, done: [[1, 2], [3, 5]] });
    expect(next.counts).toEqual({ loaded: 2, skipped: 0, deadLettered: 1 });
  });
});
