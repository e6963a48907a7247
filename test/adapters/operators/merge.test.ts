import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunks, malformed } from "../../../src/index.ts";
import { concat, merge, streamOf } from "../../../src/adapters/operators.ts";
import { Fed, kinds } from "../../support/streams/fed-sources.ts";
import { seeded } from "../../support/streams/schedules.ts";
import { readAll } from "../../support/streams/streams.ts";

/** Sources of items that say where they come from, with random kinds and chunks. */
const feeds = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    size: fc.integer({ min: 1, max: 4 }),
    count: fc.nat(9),
  }),
  { maxLength: 5 },
);

const itemsOf = (source: number, count: number) =>
  Array.from({ length: count }, (_, index) => `${source}:${index}`);

const ofSource = (items: readonly unknown[], source: number) =>
  items.filter((item) => String(item).startsWith(`${source}:`));

describe("merge", () => {
  it("gives all items, those of each source in order", async () => {
    await fc.assert(
      fc.asyncProperty(feeds, fc.integer({ min: 1, max: 6 }), async (given, concurrency) => {
        const sources = given.map(({ count, ...feed }, index) =>
          new Fed({ ...feed, items: itemsOf(index, count) })
        );
        const merged = merge(sources.map(({ source }) => source), { concurrency });
        const { chunks: items } = await readAll(streamOf(merged));
        given.forEach(({ count }, index) =>
          expect(ofSource(items, index)).toEqual(itemsOf(index, count))
        );
        expect(items.length).toBe(given.reduce((sum, { count }) => sum + count, 0));
      }),
      { ...seeded, numRuns: 60 },
    );
  });

  it("gives what concat gives where one is read at a time", async () => {
    await fc.assert(
      fc.asyncProperty(feeds, async (given) => {
        const sources = () =>
          given.map(({ count, ...feed }, index) =>
            new Fed({ ...feed, items: itemsOf(index, count) }).source
          );
        const merged = await readAll(streamOf(merge(sources(), { concurrency: 1 })));
        expect(merged).toEqual(await readAll(streamOf(concat(...sources()))));
        expect(merged.chunks).toEqual(given.flatMap(({ count }, index) => itemsOf(index, count)));
      }),
      { ...seeded, numRuns: 60 },
    );
  });

  it("gives one array of each source in turns", async () => {
    const pages = (name: string) => chunks([[`${name}1`], [`${name}2`], [`${name}3`]]);
    const { chunks: items } = await readAll(streamOf(merge([pages("a"), pages("b")])));
    expect(items).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"]);
  });

  it("lets a stream have its turns beside a source that is always ready", async () => {
    const ready = chunks(Array.from({ length: 100 }, () => ["ready"]));
    const stream = new Fed({ items: ["1", "2", "3"], kind: "chunked stream", size: 1 });
    const { chunks: items } = await readAll(streamOf(merge([ready, stream.source])));
    expect(items.indexOf("3")).toBeLessThan(50);
  });

  it("has at most one array of each source, and reads no more while nobody does", async () => {
    const sources = Array.from(
      { length: 3 },
      () => new Fed({ items: itemsOf(0, 100), kind: "chunked stream", size: 2 }),
    );
    const reader = streamOf(merge(sources.map(({ source }) => source))).getReader();
    await reader.read();
    for (let turn = 0; turn < 20; turn++) await null;
    for (const { given } of sources) expect(given).toBeLessThanOrEqual(4);
    await reader.cancel();
  });

  it("gives what was read before it fails", async () => {
    const failing = new Fed({ items: ["a"], kind: "chunked", failure: new Error("gone") });
    const other = new Fed({ items: ["b", "c", "d", "e"], kind: "chunked", size: 2 });
    const { chunks: items, error } = await readAll(
      streamOf(merge([failing.source, other.source])),
    ) as { chunks: string[]; error: unknown };
    expect(items.slice(0, 3)).toEqual(["a", "b", "c"]);
    expect(error).toMatchObject({ index: 0, name: "SourceError", code: "SOURCE" });
    expect(other.isReleased).toBe(true);
  });

  it("passes on what could not be read", async () => {
    const broken = malformed("x", new Error("broken"));
    const reader = merge([[1, broken]]).source as AsyncIterable<unknown[]>;
    expect(await Array.fromAsync(reader)).toEqual([[1, broken]]);
  });

  it.each([0, -1, 1.5, NaN, "2"])("refuses %o as its concurrency", (concurrency) => {
    expect(() => merge([[1]], { concurrency: concurrency as number })).toThrow(
      /^Cannot merge sources as 'concurrency' must be a positive integer or Infinity: current value is /,
    );
  });
});
