import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunks, malformed } from "../../../src/index.ts";
import { streamOf, zip } from "../../../src/adapters/operators.ts";
import { Fed, kinds } from "../../support/streams/fed-sources.ts";
import { seeded } from "../../support/streams/schedules.ts";
import { readAll } from "../../support/streams/streams.ts";

const feeds = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    size: fc.integer({ min: 1, max: 4 }),
    items: fc.array(fc.nat(), { maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 4 },
);

describe("zip", () => {
  it("gives the items of the same place, whatever they come in", async () => {
    await fc.assert(
      fc.asyncProperty(feeds, async (given) => {
        const sources = given.map((feed) => new Fed(feed));
        const zipped = await readAll(streamOf(zip(...sources.map(({ source }) => source))));
        const length = Math.min(...given.map(({ items }) => items.length));
        expect(zipped).toEqual({
          chunks: Array.from({ length }, (_, n) => given.map(({ items }) => items[n])),
        });
        expect(sources.filter(({ isRead, isReleased }) => isRead && !isReleased)).toEqual([]);
      }),
      { ...seeded, numRuns: 60 },
    );
  });

  it("knows the types of its sources", async () => {
    const zipped = zip(["a"], new Set([1]), chunks([[true]]));
    const [rows] = await Array.fromAsync(
      zipped.source as AsyncIterable<[string, number, boolean][]>,
    );
    const row: readonly [string, number, boolean] | undefined = rows?.[0];
    expect(row).toEqual(["a", 1, true]);
  });

  it("gives what is complete, then the error", async () => {
    const failing = new Fed({ items: [1, 2], failure: new Error("gone") });
    const other = new Fed({ items: [1, 2, 3], kind: "chunked" });
    const { chunks: items, error } = await readAll(
      streamOf(zip(other.source, failing.source)),
    ) as { chunks: unknown[]; error: unknown };
    expect(items).toEqual([[1, 1], [2, 2]]);
    expect(error).toMatchObject({ index: 1 });
    expect(other.isReleased).toBe(true);
  });

  it("has what could not be read in the place of its array", async () => {
    const broken = malformed("x", new Error("broken"));
    const zipped = zip([1, 2, 3], ["a", broken, "c"]).source as AsyncIterable<unknown[]>;
    expect(await Array.fromAsync(zipped)).toEqual([[[1, "a"], broken, [3, "c"]]]);
  });
});
