import type { DefineTest } from "./define-test.ts";
import { expectSame } from "./expectations.ts";
import {
  type CreateSource,
  type DefineSourceTest,
  kept,
  pagesOf,
  readAll,
  type Reading,
  rowsOfKeys,
  shuffled,
} from "./tested-source.ts";

/** Creates the source under test, and lists the types of keys to read it by. */
export interface SourceSuite {
  /** Creates a source of an empty table with a key of the given type, for one test. */
  create: CreateSource;
  /** Types of keys, each with different values: at least 4, in ascending order. */
  keys: Readonly<Record<string, readonly unknown[]>>;
  /**
   * Types of keys with some values that differ but that the store considers equal, or whose order it does
   * not know: `"a"` and `"A"`, `NULL`. A source yields each row once, or fails.
   */
  ties?: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Defines the tests that every source must pass that reads a table in pages by a key, with the `it` of
 * any framework: it yields each row once, whatever type the key has.
 *
 * @example A table of SQLite
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { testSource } from "millrace/testing";
 * import { sqliteSource, type SqliteValue } from "millrace/sqlite";
 * import { ok } from "node:assert/strict";
 *
 * type Row = { key: SqliteValue; value: number };
 * const tests: (() => void | Promise<void>)[] = [];
 * const it = (_name: string, test: () => void | Promise<void>) => tests.push(test); // Or vitest's.
 * testSource(it, {
 *   create: (type) => {
 *     const db = new DatabaseSync(":memory:");
 *     db.exec(`create table t (key ${type}, value integer)`);
 *     const insert = db.prepare("insert into t values (?, ?)");
 *     return {
 *       insert: (rows) => rows.forEach(({ key, value }) => insert.run(key as SqliteValue, value)),
 *       read: ({ chunkSize, after }) =>
 *         sqliteSource<Row>(db, "select * from t", [], {
 *           ...{ chunkSize, key: "key", after: after as SqliteValue },
 *         }),
 *       close: () => db.close(),
 *     };
 *   },
 *   keys: { integer: [-1, 0, 5, 7, 2 ** 40], text: ["", "A", "a", "b", "é"] },
 *   ties: { "text collate nocase": ["a", "A", "b", "c"], any: [null, 1, 2, null] },
 * });
 * for (const test of tests) await test();
 * ok(tests.length > 10);
 * ```
 */
export function testSource(it: DefineTest, suite: SourceSuite): void {
  const define: DefineSourceTest = (name, type, test) =>
    it(`${name}, by a key of ${type}`, async () => {
      const source = await suite.create(type);
      try {
        await test(source);
      } finally {
        await source.close();
      }
    });
  for (const [type, keys] of Object.entries(suite.keys)) {
    testKeys(define, type, keys);
    testPlaces(define, type, keys);
  }
  for (const [type, keys] of Object.entries(suite.ties ?? {})) testTies(define, type, keys);
}

const chunkSizes = [1, 2, 3, 1000] as const;

function testKeys(define: DefineSourceTest, type: string, keys: readonly unknown[]): void {
  define("gives each row once, in order, whatever fits a page", type, async (source) => {
    const rows = rowsOfKeys(keys);
    await source.insert(shuffled(rows));
    for (const chunkSize of [...chunkSizes, keys.length, keys.length - 1]) {
      expectRead(`pages of ${chunkSize}`, await readAll(source, { chunkSize }), keys.map(placeOf));
    }
  });

  define("gives nothing of an empty table", type, async (source) => {
    expectRead("the read", await readAll(source, { chunkSize: 2 }), []);
  });

  define("goes on above the key of any row that it gave", type, async (source) => {
    await source.insert(shuffled(rowsOfKeys(keys)));
    const { keys: positions } = await readAll(source, { chunkSize: 1000 });
    for (const [place, position] of positions.entries()) {
      const reading = await readAll(source, { chunkSize: 2, after: kept(position) });
      expectRead(`above row ${place}`, reading, keys.map(placeOf).slice(place + 1));
    }
  });
}

function testPlaces(define: DefineSourceTest, type: string, keys: readonly unknown[]): void {
  define("gives no row twice and leaves out none that was there before", type, async (source) => {
    const rows = rowsOfKeys(keys);
    const isLate = (n: number) => n % 2 === 1;
    await source.insert(rows.filter((_, n) => !isLate(n)));
    const values: number[] = [];
    const late = rows.filter((_, n) => isLate(n));
    for await (const page of pagesOf(source, { chunkSize: 1 })) {
      values.push(...page.map(({ value }) => Number(value)));
      if (values.length > 2 * rows.length) break; // Or it might never end.
      const [row] = late.splice(-1); // The highest first, while a page may be read ahead.
      if (row !== undefined) await source.insert([row]);
    }
    expectSame("rows that are given twice", values.length - new Set(values).size, 0);
    const early = values.filter((value) => !isLate(value));
    expectSame("rows that were there before", early, keys.map(placeOf).filter((n) => !isLate(n)));
  });

  define("can be cancelled, and read again", type, async (source) => {
    await source.insert(rowsOfKeys(keys));
    await pagesOf(source, { chunkSize: 1 }).cancel();
    const idle = pagesOf(source, { chunkSize: 1 }).getReader();
    await idle.read();
    await idle.cancel();
    const pending = pagesOf(source, { chunkSize: 1 }).getReader();
    const read = pending.read();
    await pending.cancel();
    await Promise.allSettled([read]); // A runtime may still hand over what was on its way.
    expectRead("a later read", await readAll(source, { chunkSize: 2 }), keys.map(placeOf));
  });
}

function testTies(define: DefineSourceTest, type: string, keys: readonly unknown[]): void {
  define("gives each row once or fails where keys are equal or null", type, async (source) => {
    await source.insert(shuffled(rowsOfKeys(keys)));
    for (const chunkSize of [...chunkSizes, keys.length]) {
      const { values, error } = await readAll(source, { chunkSize });
      if (error instanceof Error && !error.message.includes("more rows than")) continue;
      const sorted = values.sort((a, b) => a - b);
      expectSame(`pages of ${chunkSize}`, sorted, keys.map(placeOf));
    }
  });
}

/** The number of a row, which is its place among the keys. */
function placeOf(_key: unknown, place: number): number {
  return place;
}

function expectRead(what: string, { values, error }: Reading, expected: readonly number[]): void {
  if (error !== undefined) throw new Error(`${what}: it has failed`, { cause: error });
  expectSame(what, values, expected);
}
