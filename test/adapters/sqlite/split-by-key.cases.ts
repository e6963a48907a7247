import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  splitByKey,
  type SqliteKeyRange,
  sqliteSource,
  type SqliteValue,
} from "../../../src/adapters/sqlite.ts";
import { databasesOf, type SqliteClient } from "../../support/sqlite/client.ts";

const keys: Readonly<Record<string, readonly SqliteValue[]>> = {
  "integer primary key": [-(2n ** 63n), -1, 0, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n],
  "real": [-Infinity, -1.5, 0, 5e-324, 0.1, Infinity],
  "text": ["", " ", "10", "9", "A", "a", "a'b\"c", "é", "\u{1F600}"],
  "text collate nocase": ["", "a", "B", "c"],
  "numeric": [-1, 1.5, 2, "x", "y"],
  "blob": [1, 2.5, 10, "", "1", "9", new Uint8Array(), new Uint8Array([0, 255])],
};

/** Ranges of a table have each row once. */
export function testSqliteSplits(client: SqliteClient): void {
  describe("splitByKey()", () => {
    const databases = databasesOf(client);
    const filled = (type: string, values: readonly SqliteValue[]) => {
      const db = databases.inMemory(`create table t (k ${type})`);
      // Not by `run`, for which Node 26 makes the last row's number one of JavaScript.
      const insert = db.prepare("insert into t values (?) returning 1");
      for (const value of values) insert.all(value);
      return db;
    };
    const read = (db: ReturnType<typeof filled>, range: SqliteKeyRange) => {
      const kept = JSON.parse(JSON.stringify(range)) as SqliteKeyRange; // As a store of jobs does.
      const options = { key: "k", chunkSize: 2, ...kept };
      const { source } = sqliteSource<{ k: SqliteValue }>(db, "select * from t", [], options);
      return [...source as Iterable<{ k: SqliteValue }[]>].flat().map(({ k }) => k);
    };

    it.each(Object.entries(keys))("gives each row once by a key of %s", (type, values) => {
      const db = filled(type, values.toReversed());
      const all = read(db, { after: null, upTo: null });
      expect(all).toHaveLength(values.length);
      for (let rows = 1; rows <= values.length + 1; rows++) {
        const ranges = splitByKey(db, "t", "k", { rows });
        expect(ranges.flatMap((range) => read(db, range))).toEqual(all);
        expect(ranges).toHaveLength(
          type === "real" && rows === 1 ? 5 : Math.ceil(all.length / rows),
        );
      }
    });

    it("gives each row once, also of those that come later", () => {
      fc.assert(
        fc.property(
          fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { maxLength: 15 }),
          fc.uniqueArray(fc.integer({ min: -40, max: 40 }), { maxLength: 15 }),
          fc.integer({ min: 1, max: 6 }),
          (first, later, rows) => {
            const db = filled("integer primary key", first);
            const ranges = splitByKey(db, "t", "k", { rows });
            expect(ranges.map((range) => read(db, range).length).every((n) => n <= rows)).toBe(
              true,
            );
            for (const k of later) db.prepare("insert or ignore into t values (?)").run(k);
            const all = [...new Set([...first, ...later])].sort((a, b) => a - b);
            expect(ranges.flatMap((range) => read(db, range))).toEqual(all);
          },
        ),
        { seed: 17, numRuns: 50 },
      );
    });

    it("leaves rows of one key together", () => {
      const db = filled("text", ["a", "b", "b", "b", "b", "b", "c"]);
      expect(splitByKey(db, "t", "k", { rows: 2 })).toEqual([
        { after: null, upTo: "b" },
        { after: "b", upTo: null },
      ]);
    });

    it("is one range of an empty table", () => {
      expect(splitByKey(filled("text", []), "t", "k")).toEqual([{ after: null, upTo: null }]);
    });

    it("refuses a key that is NULL, as no range would have its row", () => {
      expect(() => splitByKey(filled("text", ["a", null]), "t", "k")).toThrow(
        "Cannot split a table as 'key' must be a column that is NULL in no row: current value is \"k\"",
      );
    });

    it.each([
      [["", "k"], "'table' must be a non-empty string"],
      [["t", ""], "'key' must be a non-empty string"],
      [["t", "k", { rows: 0 }], "'rows' must be a positive integer"],
    ])("refuses %o", (given, rule) => {
      const call = () => splitByKey(filled("text", []), ...given as [string, string]);
      expect(call).toThrow(`Cannot split a table as ${rule}`);
    });
  });
}
