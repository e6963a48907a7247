import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  sqliteSource,
  type SqliteSourceOptions,
  type SqliteValue,
} from "../../../src/adapters/sqlite.ts";
import { testSource } from "../../../src/adapters/testing.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import { databasesOf, type SqliteClient } from "../../support/sqlite/client.ts";

type Row = { key: SqliteValue; value: number };

const keys: Readonly<Record<string, readonly SqliteValue[]>> = {
  "integer": [-(2n ** 63n), -1, 0, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n],
  "real": [-Infinity, -1.5, 0, 5e-324, 0.1, 0.1 + 0.2, Infinity],
  "text": ["", " ", "10", "9", "A", "a", "a'b\"c", "a\u{1F600}", "é"],
  "text collate nocase": ["", "a", "B", "c"],
  "text collate rtrim": ["", " a", "a", "b"],
  "numeric": [-1, 1.5, 2, "x", "y"],
  "blob": [1, 2.5, 9, 10, "", "1", "10", "9"],
};

const ties: Readonly<Record<string, readonly SqliteValue[]>> = {
  "text collate nocase": ["a", "A", "b", "c", "B"],
  "text collate rtrim": ["a", "a ", "a  ", "b"],
  "real": [0, -0, 1, 2],
  "integer": [null, 1, 2, 3, 4, null],
  "text": ["a", "a", "b", "c"],
  "blob": [new Uint8Array([0]), new Uint8Array([0, 0]), new Uint8Array([1]), new Uint8Array([1])],
};

/** By what a query can be read in pages. */
export function testSqliteSourceKeys(client: SqliteClient): void {
  describe("sqliteSource by key", () => {
    const databases = databasesOf(client);
    const read = (
      sql: string,
      options: Omit<SqliteSourceOptions, "key"> = {},
      setup = "select 1",
    ) => {
      const db = databases.inMemory(setup);
      const rows: Record<string, SqliteValue>[] = [];
      const { source } = sqliteSource(db, sql, [], { ...options, key: "k" });
      for (const page of source as Iterable<Record<string, SqliteValue>[]>) {
        rows.push(...page);
        if (rows.length > 1000) throw new Error("It never ends");
      }
      return rows.map(({ k }) => k);
    };

    testSource(it, {
      create: (type) => {
        const db = databases.inMemory(`create table t (key ${type}, value integer)`);
        const insert = db.prepare("insert into t values (?, ?)");
        return {
          insert: (rows) => rows.forEach(({ key, value }) => insert.run(key as SqliteValue, value)),
          read: ({ chunkSize, after: kept }) => {
            // SQLite has no text for what JSON has no number for.
            const after = type === "real" && kept !== undefined ? Number(kept) : kept;
            return sqliteSource<Row>(db, "select * from t", [], {
              ...{ chunkSize, key: "key", after: after as SqliteValue },
            });
          },
          close: () => {},
        };
      },
      keys,
      ties,
    });

    const codes = `create table c (code text, v int);
      with recursive n (v) as (select 0 union all select v + 1 from n where v < 79)
      insert into c select iif(v % 2, 'c', 'C') || substr('00' || (v / 2), -3), v from n`;

    it.each([
      "select code collate nocase as k from c",
      "select code collate nocase as k from c union all select 'zz'",
      "with t as materialized (select code collate nocase as code from c) select code as k from t",
      "select code || substr('  ', 1, v % 3) collate rtrim as k from c union all select code from c",
    ])("rejects keys that are equal only by the collation of the query: %s", (sql) => {
      for (const chunkSize of [1, 7, 1000]) {
        expect(() => read(sql, { chunkSize }, codes)).toThrow("unique and never NULL");
      }
    });

    it("yields each row if the query distinguishes what the table holds equal", () => {
      const setup = codes.replace("code text", "code text collate nocase");
      const sql = "select code collate binary as k from c";
      expect(new Set(read(sql, { chunkSize: 7 }, setup)).size).toBe(80);
    });

    it.each([
      "select t as k from m union all select i from m",
      "select i as k from m union all select t from m",
      "select k from (select t as k from m union all select i from m)",
      "select +t as k from m union all select i from m union all select x'00'",
    ])("leaves out no numbers and no texts that look like numbers: %s", (sql) => {
      const setup = `create table m (t text, i integer);
        insert into m values ('5', 5), ('10', 10), ('7', 7), ('x', 1)`;
      const count = sql.includes("x'00'") ? 9 : 8;
      for (const chunkSize of [1, 2, 3, 8]) {
        const found = read(sql, { chunkSize }, setup);
        expect(found.length).toBe(count);
        expect(new Set(found.map((value) => `${typeof value} ${value}`)).size).toBe(count);
      }
    });

    it("pages by bytes, and by texts that a client cuts or cannot decode", () => {
      const hex = (n: number) => n.toString(16).padStart(2, "0");
      const values = (text: (n: number) => string) =>
        Array.from({ length: 30 }, (_, n) => `select ${text(n)} as k`).join(" union all ");
      for (
        const sql of [
          values((n) => `x'00${hex(n)}'`),
          values((n) => `cast(x'6100${hex(n)}' as text)`),
          values((n) => `cast(x'ff${hex(n)}' as text)`),
        ]
      ) {
        expect(read(sql, { chunkSize: 4 }).length).toBe(30);
      }
    });

    it("reads again up to a lag below its position", () => {
      const sql = "select 1 as k union all select 2 union all select 3 union all select 4.5";
      expect(read(sql, { after: 3 })).toEqual([4.5]);
      expect(read(sql, { after: 3, lag: 1.5 })).toEqual([2, 3, 4.5]);
      expect(read(sql, { after: 3n, lag: 1.5 })).toEqual([2, 3, 4.5]);
      expect(read(sql, { after: null, lag: 1 })).toHaveLength(4);
    });

    it.each<[object, string]>([
      [{ after: 1 }, "'after' must be omitted without 'key': current value is 1"],
      [{ lag: 1, key: "k" }, "'lag' must be omitted without 'after': current value is 1"],
      [
        { lag: 0, key: "k", after: 1 },
        "'lag' must be a finite number above 0: current value is 0",
      ],
      [
        { lag: 1, key: "k", after: "a" },
        "'after' must be a number, as there is a 'lag': current value is \"a\"",
      ],
      [
        { settled: true, key: "settled" },
        "'settled' must be a known option, perhaps 'after': current value is true",
      ],
    ])("throws for %o", (options, words) => {
      const db = databases.inMemory();
      expect(() => sqliteSource(db, "select 1", [], options)).toThrow(
        new ConfigurationError(`Cannot construct sqliteSource as ${words}`),
      );
    });

    it("ends with an error if a page would begin where the one before did", () => {
      const db = databases.inMemory();
      const rows = [1n, 2n, 3n].map((k) => ({ k, "millrace key": k, "millrace fault": "" }));
      const again = {
        exec: (sql: string) => db.exec(sql),
        prepare: (sql: string) =>
          Object.assign(db.prepare(sql), {
            all: () => rows.map((row) => ({ ...row })),
          }),
      };
      const { source } = sqliteSource(again, "select 1 as k", [], { key: "k", chunkSize: 2 });
      expect(() => [...source as Iterable<unknown>]).toThrow("the key k does not advance");
    });

    it("yields each row once or fails, whatever values and collation there are", () => {
      const value = fc.oneof(
        fc.constant(null),
        fc.integer({ min: -3, max: 12 }),
        fc.bigInt({ min: 2n ** 53n - 1n, max: 2n ** 53n + 2n }),
        fc.double({ noNaN: true, min: -2, max: 2 }),
        fc.constantFrom("", "a", "A", "a ", "1", "10", "2", "1.0", "b\0c", "é"),
      );
      const collation = fc.constantFrom("binary", "nocase", "rtrim");
      const type = fc.constantFrom("", "text", "integer", "real", "numeric");
      fc.assert(
        fc.property(
          fc.array(value, { maxLength: 12 }),
          collation,
          type,
          fc.nat(4),
          (values, by, as, size) => {
            const db = databases.inMemory(`create table t (k ${as} collate ${by}, n integer)`);
            const insert = db.prepare("insert into t values (?, ?)");
            values.forEach((value, n) => insert.run(value as SqliteValue, n));
            const numbers: unknown[] = [];
            const options = { key: "k", chunkSize: size + 1 };
            try {
              for (
                const page of sqliteSource(db, "select * from t", [], options).source as Iterable<
                  Row[]
                >
              ) {
                numbers.push(...page.map((row) => Reflect.get(row, "n")));
                if (numbers.length > values.length) break;
              }
            } catch (error) {
              expect(String(error)).toContain("unique and never NULL");
              return;
            }
            expect(numbers.toSorted()).toEqual(values.map((_, n) => n).toSorted());
          },
        ),
        { seed: 42, numRuns: 300 },
      );
    });
  });
}
