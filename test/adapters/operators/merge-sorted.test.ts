import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunks, malformed } from "../../../src/index.ts";
import { mergeSorted, type SortKey, streamOf } from "../../../src/adapters/operators.ts";
import { Fed, kinds } from "../../support/streams/fed-sources.ts";
import { seeded } from "../../support/streams/schedules.ts";
import { readAll } from "../../support/streams/streams.ts";

const feeds = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    size: fc.integer({ min: 1, max: 4 }),
    keys: fc.array(fc.nat(20), { maxLength: 12 }),
  }),
  { maxLength: 6 },
);

interface Item {
  readonly key: SortKey;
  readonly source: number;
  readonly index: number;
}

const itemsOf = (keys: readonly SortKey[], source = 0): Item[] =>
  keys.map((key, index) => ({ key, source, index }));

const by = ({ key }: Item) => key;

async function failureOf(...sources: readonly (readonly SortKey[])[]): Promise<unknown> {
  const given = sources.map((keys, index) => itemsOf(keys, index));
  return (await readAll(streamOf(mergeSorted(given, { by })))).error;
}

describe("mergeSorted", () => {
  it("gives what a stable sort of all gives", async () => {
    await fc.assert(
      fc.asyncProperty(feeds, async (given) => {
        const all = given.map(({ keys }, source) =>
          itemsOf(keys.toSorted((a, b) => a - b), source)
        );
        const sources = given.map((feed, index) => new Fed({ ...feed, items: all[index]! }));
        const merged = mergeSorted(sources.map(({ source }) => source), { by });
        const sorted = all.flat().sort((a, b) => Number(a.key) - Number(b.key));
        expect(await readAll(streamOf(merged))).toEqual({ chunks: sorted });
      }),
      { ...seeded, numRuns: 60 },
    );
  });

  it.each<[string, SortKey[], SortKey[]]>([
    ["texts", ["B", "a"], ["A", "b"]],
    ["bigints", [1n, 2n ** 70n], [2n]],
    ["dates", [new Date(1), new Date(3)], [new Date(2)]],
  ])("merges by %s", async (_, one, other) => {
    const { chunks: items } = await readAll(
      streamOf(mergeSorted([itemsOf(one), itemsOf(other, 1)], { by })),
    );
    const keys = items.map(({ key }) => key);
    expect(keys).toEqual([...one, ...other].sort((a, b) => a < b ? -1 : 1));
  });

  it("calls for the key of each item once", async () => {
    let calls = 0;
    const sources = [[1, 2, 3], [1, 4], [0, 9]];
    await readAll(streamOf(mergeSorted(sources, { by: (n) => (calls++, n) })));
    expect(calls).toBe(7);
  });

  it("says which source is not sorted, and where, after what comes before", async () => {
    const { chunks: items, error } = await readAll(
      streamOf(mergeSorted([itemsOf([1, 5]), itemsOf([2, 3, 2], 1)], { by })),
    ) as { chunks: Item[]; error: unknown };
    expect(items.map(by)).toEqual([1, 2, 3]);
    expect(error).toMatchObject({
      name: "SourceError",
      index: 1,
      message: "Source 1 failed: it is not sorted: item 2 has the key 2 after 3",
    });
  });

  it.each([
    [[[1, NaN]], "Source 0 failed: item 1 has the key NaN, which is not to be compared"],
    [[[undefined]], "Source 0 failed: item 0 has the key undefined, which is not to be compared"],
    [[[{}]], "Source 0 failed: item 0 has the key an object, which is not to be compared"],
    [[[1], ["2"]], 'Source 1 failed: item 0 has the key "2", which is not to be compared'],
  ])("refuses keys that cannot be compared: %o", async (keys, message) => {
    expect(await failureOf(...keys as number[][])).toMatchObject({ message });
  });

  it("tells of a source whose key cannot be made", async () => {
    const merged = mergeSorted([[1]], {
      by: () => {
        throw new Error("no key");
      },
    });
    expect((await readAll(streamOf(merged))).error).toMatchObject({
      message: "Source 0 failed: no key",
    });
  });

  it("gives what could not be read as soon as its source is at it", async () => {
    const broken = malformed("x", new Error("broken"));
    const merged = mergeSorted<unknown>([chunks([[5, broken, 7]]), [6]], {
      by: (n) => n as number,
    });
    const arrays = await Array.fromAsync(merged.source as AsyncIterable<unknown[]>);
    expect(arrays.flat()).toEqual([5, broken, 6, 7]);
  });

  it.each([undefined, "id"])("refuses %o as its key", (by) => {
    expect(() => mergeSorted([[1]], { by: by as never })).toThrow(
      /^Cannot merge sorted sources as 'by' must be a function: current value is /,
    );
  });
});
