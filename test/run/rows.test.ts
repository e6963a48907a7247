import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { many, skip } from "../../src/index.ts";
import { Rows, rowsFrom } from "../../src/run/rows.ts";
import { seeded } from "../support/streams/schedules.ts";

/** Rows with the item of each: an item may have several. */
function rowsOfItems<T>(values: T[], items: number[]): Rows<T> {
  return new Rows(values, { items, itemCount: new Set(items).size, isDivisible: true });
}

describe("Rows", () => {
  it("are one for each item by default", () => {
    const values = ["a", "b", "c"];
    const rows = new Rows(values);
    expect(rows).toMatchObject({ count: 3, itemCount: 3, isDivisible: true });
    expect(rows.values).toBe(values);
    expect(rows.sourcesIn([0, 1, 2])).toEqual([0, 1, 2]);
    expect(rows.items).toEqual([0, 1, 2]);
    expect(rows.itemsWithout(3)).toEqual([]);
    expect(rows.of([0, 2])).toEqual(["a", "c"]);
    expect(rows.sourcesIn([0, 2])).toEqual([0, 2]);
  });

  it("may be several of one item, and none of another", () => {
    const rows = rowsOfItems(["a", "b", "b", "d"], [0, 1, 1, 3]);
    expect(rows).toMatchObject({ count: 4, itemCount: 3, isDivisible: true });
    expect(rows.sourcesIn([0, 1, 2, 3])).toEqual([0, 1, 1, 3]);
    expect(rows.items).toEqual([0, 1, 3]);
    expect(rows.itemsWithout(5)).toEqual([2, 4]);
    expect(rows.of([1, 3])).toEqual(["b", "b", "d"]);
    expect(rows.sourcesIn([1, 3])).toEqual([1, 1, 3]);
    expect(rows.of([2])).toEqual([]);
  });

  it("that belong to no single item are those of all items that they come from", () => {
    const sources = { items: [0, 2, 3], itemCount: 3, isDivisible: false };
    const few = new Rows(["x"], sources);
    expect(few).toMatchObject({ count: 1, itemCount: 3, isDivisible: false });
    expect(few.items).toEqual([0, 2, 3]);
    expect(few.itemsWithout(4)).toEqual([1]);
  });

  it("keep their counts when a load empties the array that it is given", () => {
    const values = [1, 2];
    const rows = new Rows(values);
    values.length = 0;
    expect(rows).toMatchObject({ count: 2, itemCount: 2, items: [0, 1] });
  });
});

describe("rowsFrom()", () => {
  it("takes results as they are where none is left out", () => {
    const results = [1, undefined, 3];
    expect(rowsFrom(results, false).values).toBe(results);
  });

  it("leaves out what is skipped", () => {
    const rows = rowsFrom([skip, "b", skip, "d"], false);
    expect(rows).toMatchObject({ values: ["b", "d"], items: [1, 3], isDivisible: true });
    expect(rows.itemsWithout(4)).toEqual([0, 2]);
  });

  it("gives an item all rows that stand in the place of one", () => {
    const results = ["a", many(["b", "c"]), skip, many([]), "d"];
    const rows = rowsFrom(results, true);
    expect(rows).toMatchObject({ values: ["a", "b", "c", "d"], itemCount: 3, isDivisible: true });
    expect([rows.items, rows.itemsWithout(5)]).toEqual([[0, 1, 4], [2, 3]]);
    expect(rows.sourcesIn([1, 4])).toEqual([1, 1, 4]);
  });
});

/** How many rows each item of a batch has. */
const counts = fc.array(fc.nat(3), { maxLength: 20 });

/** The rows of a batch whose items have so many: each says which item it is of. */
function rowsOf(of: readonly number[]): Rows<string> {
  const sources = of.flatMap((count, item) => new Array<number>(count).fill(item));
  return rowsOfItems(sources.map((item) => `of ${item}`), sources);
}

it("property: every row is of one item, and every item has its rows or is left out", () => {
  fc.assert(
    fc.property(counts, (of) => {
      const rows = rowsOf(of);
      expect(rows.values).toEqual(rows.sourcesIn(rows.items).map((item) => `of ${item}`));
      expect(rows.itemCount).toBe(rows.items.length);
      const all = [...rows.items, ...rows.itemsWithout(of.length)];
      expect(all.sort((a, b) => a - b)).toEqual([...of.keys()]);
      for (const [item, count] of of.entries()) expect(rows.of([item])).toHaveLength(count);
    }),
    seeded,
  );
});

it("property: rows that are cut between items come to the same, wherever they are cut", () => {
  fc.assert(
    fc.property(counts, fc.nat(), (of, cut) => {
      const rows = rowsOf(of);
      const middle = cut % (rows.itemCount + 1);
      const halves = [rows.items.slice(0, middle), rows.items.slice(middle)];
      expect(halves.flatMap((items) => rows.of(items))).toEqual(rows.values);
      const sources = halves.flatMap((items) => rows.sourcesIn(items));
      expect(sources).toEqual(rows.sourcesIn(rows.items));
    }),
    seeded,
  );
});

it("property: a transform makes one row or none of each item", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 20 }), (kept) => {
      const results = kept.map((isKept, item) => isKept ? `of ${item}` : skip);
      const [given, made] = [rowsFrom(results, true), rowsOf(kept.map(Number))];
      expect(given.values).toEqual(made.values);
      expect(given.items).toEqual(made.items);
      expect(given.itemsWithout(kept.length)).toEqual(made.itemsWithout(kept.length));
    }),
    seeded,
  );
});
