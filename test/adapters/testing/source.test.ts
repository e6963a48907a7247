import { describe, expect, it } from "vitest";
import { type SourceReading, type SourceRow, testSource } from "../../../src/adapters/testing.ts";
import { chunks } from "../../../src/streams/chunks.ts";
import { failuresOf } from "../../support/run/suite-failures.ts";

type Row = { key: string | null; value: number };
type Pages = (rows: Row[], reading: SourceReading) => Iterable<Row[]>;

const isAbove = (key: string | null, last: unknown) => key !== null && key > (last as string);

/** Pages above the last key, which each fault is a change of. */
function* right(all: Row[], { chunkSize, after }: SourceReading): Generator<Row[]> {
  for (let last = after;;) {
    const rows = [...all].sort((a, b) => isAbove(a.key, b.key) ? 1 : -1);
    const page = rows.filter(({ key }) => last === undefined || isAbove(key, last))
      .slice(0, chunkSize);
    if (new Set(rows.map(({ key }) => key)).size < rows.length) throw new Error("not unique");
    if (rows.some(({ key }) => key === null)) throw new Error("null in a row");
    if (page.length > 0) yield page;
    if (page.length < chunkSize) return;
    last = page.at(-1)!.key;
  }
}

const cut = (key: unknown) => key === undefined ? undefined : (key as string).slice(0, 1);

const faults: Readonly<Record<string, Pages>> = {
  "loses rows of equal keys": function* (all, { chunkSize, after }) {
    for (let last = after;;) {
      const page = [...all].sort((a, b) => isAbove(a.key, b.key) ? 1 : -1)
        .filter(({ key }) => last === undefined || isAbove(key, last)).slice(0, chunkSize);
      if (page.length > 0) yield page;
      if (page.length < chunkSize) return;
      last = page.at(-1)!.key;
    }
  },
  "cuts the key from which it goes on, and never ends": function* (all, { chunkSize, after }) {
    for (let last = cut(after);;) {
      const [page] = right(all, { chunkSize, after: last });
      if (page === undefined) return;
      yield page;
      if (page.length < chunkSize) return;
      last = cut(page.at(-1)!.key);
    }
  },
  "takes no notice of a position": (all, { chunkSize }) => right(all, { chunkSize }),
  "reads by place": function* (all, { chunkSize, after }) {
    for (let place = 0;; place += chunkSize) {
      const rows = [...right(all, { chunkSize: 1e9, after })].flat();
      const page = rows.slice(place, place + chunkSize);
      if (page.length > 0) yield page;
      if (page.length < chunkSize) return;
    }
  },
  "keeps the order of the table": function* (all, { chunkSize, after }) {
    const rows = after === undefined ? all : [...right(all, { chunkSize: 1e9, after })].flat();
    [...right(all, { chunkSize: 1e9 })];
    for (let place = 0; place < rows.length; place += chunkSize) {
      yield rows.slice(place, place + chunkSize);
    }
  },
};

/** The names of the tests that fail. */
function failuresWith(pages: Pages): Promise<readonly string[]> {
  return failuresOf((it) =>
    testSource(it, {
      create: () => {
        const all: Row[] = [];
        return {
          insert: (rows: readonly SourceRow[]) => void all.push(...rows as Row[]),
          read: (reading) => chunks(pages(all, reading)),
          close: () => {},
        };
      },
      keys: { text: ["aa", "ab", "ac", "b", "c"] },
      ties: { text: ["a", "a", "a", "b"], nullable: [null, "a", "b", "c"] },
    })
  );
}

describe("testSource()", () => {
  it("passes a source that yields each row once", async () => {
    expect(await failuresWith(right)).toEqual([]);
  });

  it.each(Object.entries(faults))("fails for a source that %s", async (_, pages) => {
    expect((await failuresWith(pages)).length).toBeGreaterThan(0);
  });
});
