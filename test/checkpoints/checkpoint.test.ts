import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckpointError, ConfigurationError } from "../../src/errors.ts";
import {
  advance,
  blankCheckpoint,
  checkCheckpoint,
  type Checkpoint,
  covers,
  decodeCheckpoint,
  type DoneRange,
  encodeCheckpoint,
} from "../../src/checkpoints/checkpoint.ts";
import { seeded } from "../support/streams/schedules.ts";

const ranges: fc.Arbitrary<DoneRange[]> = fc.array(
  fc.tuple(fc.nat(30), fc.nat(5)).map(([from, length]): DoneRange => [from, from + length]),
  { maxLength: 12 },
);

/** The places that are finished, one by one. */
function placesOf({ offset, done }: Pick<Checkpoint, "offset" | "done">): Set<number> {
  const places = new Set(Array(offset).keys());
  for (const [from, to] of done) for (let n = from; n < to; n++) places.add(n);
  return places;
}

describe("advance()", () => {
  it("moves the offset past ranges that follow it", () => {
    const checkpoint = advance(blankCheckpoint, [[0, 3, "c"]]);
    expect(checkpoint).toEqual({ offset: 3, done: [], position: "c", updatedAt: 0 });
    expect(advance(checkpoint, [[3, 5, "e"]])).toMatchObject({ offset: 5, position: "e" });
  });

  it("keeps ranges above a gap, and joins them when the gap is closed", () => {
    const above = advance(blankCheckpoint, [[6, 8, "h"], [2, 4, "d"]]);
    expect(above).toEqual({ offset: 0, done: [[2, 4, "d"], [6, 8, "h"]], updatedAt: 0 });
    const joined = advance(above, [[4, 6, "f"]]);
    expect(joined).toEqual({ offset: 0, done: [[2, 8, "h"]], updatedAt: 0 });
    expect(advance(joined, [[0, 2, "b"]])).toMatchObject({ offset: 8, done: [], position: "h" });
  });

  it("changes nothing for ranges that are finished already, or empty", () => {
    const checkpoint = advance(blankCheckpoint, [[0, 5, "e"], [7, 9, "i"]]);
    for (
      const range of [[1, 3, "x"], [0, 5, "x"], [7, 8], [5, 5], [9, 9], [12, 12, "x"]] as const
    ) {
      expect(advance(checkpoint, [range])).toEqual(checkpoint);
    }
    const low = advance(blankCheckpoint, [[0, 5, "e"]]);
    expect(advance(low, [[5, 5]])).toEqual(low);
    expect(advance(low, [])).toEqual(low);
  });

  it("keeps the other properties of a checkpoint, and does not modify it", () => {
    const given = Object.freeze({
      ...{ offset: 1, done: Object.freeze([Object.freeze([3, 4] as const)]), updatedAt: 9 },
      ...{ runId: "one", more: true },
    });
    expect(advance(given, [[1, 3]])).toEqual({
      ...{ offset: 4, done: [], updatedAt: 9, runId: "one", more: true },
    });
  });

  it("finishes the union of all ranges, in any order, with an offset that never falls", () => {
    fc.assert(
      fc.property(ranges, fc.array(fc.nat(4)), (all, cuts) => {
        const union = placesOf({ offset: 0, done: all });
        let checkpoint = blankCheckpoint;
        for (let rest = all, turn = 0; rest.length > 0; turn++) {
          const count = (cuts[turn] ?? 0) + 1;
          const next = advance(checkpoint, rest.slice(0, count));
          expect(next.offset).toBeGreaterThanOrEqual(checkpoint.offset);
          rest = rest.slice(count);
          checkpoint = next;
        }
        expect(placesOf(checkpoint)).toEqual(union);
        expect(union.has(checkpoint.offset)).toBe(false); // As far as it can be.
        let end = checkpoint.offset;
        for (const [from, to] of checkpoint.done) {
          expect(from).toBeGreaterThan(end); // Apart.
          expect(to).toBeGreaterThan(from);
          end = to;
        }
        expect(checkCheckpoint("a", checkpoint)).toBe(checkpoint);
      }),
      seeded,
    );
  });

  it("has the position of the last item below the offset", () => {
    const batches = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(batches, fc.infiniteStream(fc.nat()), (sizes, order) => {
        let to = 0;
        const all = sizes.map((size): DoneRange => [to, to += size, `before ${to}`]);
        const shuffled = all.map((range) => [order.next().value as number, range] as const)
          .sort(([a], [b]) => a - b);
        let checkpoint = blankCheckpoint;
        for (const [, range] of shuffled) {
          checkpoint = advance(checkpoint, [range]);
          const { offset, position } = checkpoint;
          expect(position).toBe(offset === 0 ? undefined : `before ${offset}`);
          for (const [, end, at] of checkpoint.done) expect(at).toBe(`before ${end}`);
        }
        expect(checkpoint).toMatchObject({ offset: to, done: [] });
      }),
      seeded,
    );
  });
});

describe("covers()", () => {
  it("returns whether every offset of the ranges is finished", () => {
    const some = ranges.map((all) => all.filter(([from, to]) => to > from));
    fc.assert(
      fc.property(ranges, some, (finished, asked) => {
        const checkpoint = advance(blankCheckpoint, finished);
        const places = placesOf(checkpoint);
        const isCovered = [...placesOf({ offset: 0, done: asked })].every((n) => places.has(n));
        expect(covers(checkpoint, asked)).toBe(isCovered);
        expect(covers(advance(checkpoint, asked), asked)).toBe(true);
      }),
      seeded,
    );
  });
});

describe("encodeCheckpoint(), decodeCheckpoint()", () => {
  const position = fc.option(fc.jsonValue({ noUnicodeString: false }), { nil: undefined });
  const checkpoints = fc.record({
    offset: fc.nat(5),
    done: fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), position), { maxLength: 5 }),
    position,
    updatedAt: fc.nat(),
    runId: fc.option(fc.string(), { nil: undefined }),
  });

  it("return what was encoded, unchanged", () => {
    fc.assert(
      fc.property(checkpoints, ({ done, ...rest }) => {
        let end = rest.offset;
        const ranges = done.map(([length, at]): DoneRange => [end += 1, end += length, at]);
        const found = decodeCheckpoint("a", encodeCheckpoint({ ...rest, done: ranges }));
        const whole = ranges.map(([from, to, at]) =>
          at === undefined ? [from, to] : [from, to, at]
        );
        // Text and back: JSON has no -0.
        const expected = JSON.parse(JSON.stringify({ ...rest, done: whole }));
        expect(found).toEqual(expected);
        if (rest.position === undefined) expect(found).not.toHaveProperty("position");
      }),
      seeded,
    );
  });

  const circle: unknown[] = [];
  circle.push({ circle });
  class Place {
    at = 1;
  }
  it.each([
    [7n, "7n"],
    [Number.NaN, "NaN"],
    [-Infinity, "-Infinity"],
    [new Date(0), "an instance of Date"],
    [new Map(), "an instance of Map"],
    [new Place(), "an instance of Place"],
    [new Uint8Array(2), "an instance of Uint8Array"],
    [{ id: 7n }, "7n"],
    [[1, [undefined]], "undefined"],
    [Array(1), "undefined"],
    [{ at: undefined }, "undefined"],
    [{ at: () => {} }, "a function"],
    [Symbol("at"), "Symbol(at)"],
    [{ toJSON: () => 1 }, "an object"],
    [circle, "an array of 1"],
  ])("reject a position that would be decoded as something else: %o", (at, shown) => {
    const error = new ConfigurationError(
      "Cannot write a checkpoint as 'position' must be a value that JSON can hold, " +
        `such as a string or a number: current value is ${shown}`,
    );
    const blank = { offset: 0, done: [], updatedAt: 1 };
    expect(() => encodeCheckpoint({ ...blank, position: at })).toThrow(error);
    expect(() => encodeCheckpoint({ ...blank, done: [[1, 2, "a"], [3, 4, at]] })).toThrow(error);
  });

  it("accept a position that occurs twice, which is not a cycle", () => {
    const at = { page: 1 };
    const checkpoint = {
      offset: 1,
      done: [],
      position: [at, at, Object.create(null)],
      updatedAt: 1,
    };
    expect(decodeCheckpoint("a", encodeCheckpoint(checkpoint)).position).toEqual([at, at, {}]);
  });

  it.each([
    ["", "it is not JSON"],
    ['{"offset":1,"done":[],"updatedAt":', "it is not JSON"],
    ["null", "'offset' is not a non-negative integer"],
    ["[]", "'offset' is not a non-negative integer"],
    ['{"offset":-1,"done":[],"updatedAt":1}', "'offset' is not a non-negative integer"],
    ['{"offset":1.5,"done":[],"updatedAt":1}', "'offset' is not a non-negative integer"],
    ['{"offset":"1","done":[],"updatedAt":1}', "'offset' is not a non-negative integer"],
    ['{"offset":1,"updatedAt":1}', "'done' is not an array"],
    ['{"offset":1,"done":[]}', "'updatedAt' is not a number"],
    ...["[2]", "5", "[3,3]", "[0,3]", '["2",3]', "[4,3]", "[5,9],[2,3]", "[5,9],[8,10]"].map(
      (done) => [
        `{"offset":1,"done":[${done}],"updatedAt":1}`,
        "'done' is not a list of ordered ranges above 'offset'",
      ],
    ),
  ])("reject %s", (text, reason) => {
    const error = new CheckpointError("a", reason!);
    expect(() => decodeCheckpoint("a", text!)).toThrow(error);
    expect(error.message).toBe(`Cannot read checkpoint "a" as ${reason}`);
  });
});

describe("advance() by what has no position", () => {
  const at = (offset: number, position?: unknown, done: readonly DoneRange[] = []): Checkpoint => ({
    ...{ offset, done, updatedAt: 0 },
    ...(position !== undefined && { position }),
  });

  it.each<[string, Checkpoint, readonly DoneRange[], Checkpoint]>([
    ["after a position", at(3, "c"), [[3, 4, null]], at(3, "c", [[3, 4, null]])],
    ["at the start", at(0), [[0, 1, null]], at(0, undefined, [[0, 1, null]])],
    ["twice", at(0), [[0, 1, null], [1, 2, null]], at(0, undefined, [[0, 2, null]])],
    ["before a position", at(3, "c", [[3, 4, null]]), [[4, 5, "e"]], at(5, "e")],
    ["before one at the start", at(0, undefined, [[0, 1, null]]), [[1, 2, "b"]], at(2, "b")],
    ["within what is finished", at(3, "c"), [[1, 2, null]], at(3, "c")],
    ["beyond what is finished", at(3, "c"), [[2, 4, null]], at(3, "c", [[3, 4, null]])],
    ["apart", at(3, "c"), [[5, 6, null]], at(3, "c", [[5, 6, null]])],
    ["between", at(3, "c", [[4, 5, "e"]]), [[3, 4, null]], at(5, "e")],
  ])("keeps it apart from what comes before: %s", (_, before, ranges, after) => {
    expect(advance(before, ranges)).toEqual(after);
  });
});
