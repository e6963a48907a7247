import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type PostgresKeyRange,
  postgresSource,
  splitByKey,
} from "../../../src/adapters/postgres.ts";
import type { Bench } from "../../support/postgres/cases.ts";

const keys: Readonly<Record<string, readonly string[]>> = {
  "a int8 primary key": [
    "-9223372036854775808",
    "-1",
    "0",
    "9007199254740993",
    "9223372036854775807",
  ],
  "a text": ["", " ", ",", '"', "(a)", "A", "a", "é", "\u{1F600}"],
  "a numeric": ["-1e300", "0.10", "0.11", "NaN"],
  "a float8": ["-Infinity", "0.1", "0.30000000000000004", "Infinity"],
  "a timestamptz": ["-infinity", "2026-01-01 00:00:00.000001+00", "2026-01-01 00:00:00.000002+00"],
  "a bytea": ["\\x", "\\x00", "\\xff"],
  "a uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
  "a text, b int": ["a,1", "a,2", "b,1", "c,-1"],
};

/** Ranges of a table have each row once. */
export function testPostgresSplits({ tested, create }: Bench): void {
  describe("splitByKey()", () => {
    const split = (table: string, key: string | readonly string[], rows?: number) =>
      Array.fromAsync(splitByKey(tested().client, table, key, { rows }));
    const fill = async (columns: string, values: readonly string[]) => {
      const table = await create(columns);
      for (const value of values) {
        const fields = columns.includes(",") ? value.split(",") : [value];
        const row = fields.map((field) => `'${field.replaceAll("'", "''")}'`);
        await tested().run(`insert into ${table} values (${row.join(", ")})`);
      }
      return table;
    };
    const read = async (
      table: string,
      key: string | readonly string[],
      range: PostgresKeyRange,
    ) => {
      const kept = JSON.parse(JSON.stringify(range)) as PostgresKeyRange; // As a store of jobs does.
      const options = { key, chunkSize: 2, ...kept };
      const { source } = postgresSource(tested().client, `select * from ${table}`, [], options);
      return (await Array.fromAsync(source as AsyncIterable<unknown[]>)).flat();
    };

    it.each(Object.entries(keys))("gives each row once by a key of %s", async (columns, values) => {
      const table = await fill(columns, values.toReversed());
      const key = columns.includes(",") ? ["a", "b"] : "a";
      const all = await read(table, key, { after: null, upTo: null });
      expect(all).toHaveLength(values.length);
      for (const rows of [1, 2, values.length]) {
        const ranges = await split(table, key, rows);
        expect(ranges).toHaveLength(Math.ceil(values.length / rows));
        const parts = [];
        for (const range of ranges) parts.push(...await read(table, key, range));
        expect(parts).toEqual(all);
      }
    });

    it("gives each row once, also of those that come later", async () => {
      const table = await create("k int primary key");
      const numbers = (max: number) =>
        fc.uniqueArray(fc.integer({ min: -max, max }), { maxLength: 9 });
      const insert = (ids: readonly number[]) =>
        tested().run(
          `insert into ${table} select unnest('{${ids.join()}}'::int[]) on conflict do nothing`,
        );
      await fc.assert(
        fc.asyncProperty(
          numbers(20),
          numbers(40),
          fc.integer({ min: 1, max: 5 }),
          async (...given) => {
            const [first, later, rows] = given;
            await tested().run(`delete from ${table}`);
            await insert(first);
            const ranges = await split(table, "k", rows);
            await insert(later);
            const parts = [];
            for (const range of ranges) parts.push(...await read(table, "k", range));
            const all = [...new Set([...first, ...later])].sort((a, b) => a - b);
            expect(parts).toEqual(all.map((k) => ({ k })));
          },
        ),
        { seed: 17, numRuns: 5 },
      );
    });

    it("leaves rows of one key together, and is one range of an empty table", async () => {
      const table = await fill("k text", []);
      expect(await split(table, "k")).toEqual([{ after: null, upTo: null }]);
      await tested().run(`insert into ${table} values ('a'), ('b'), ('b'), ('b'), ('b'), ('c')`);
      expect(await split(table, ["k"], 2)).toEqual([
        { after: null, upTo: ["b"] },
        { after: ["b"], upTo: null },
      ]);
    });

    it("refuses a key that is null, as no range would have its row", async () => {
      const table = await create("k int, l int");
      await tested().run(`insert into ${table} values (1, null)`);
      await expect(split(table, ["k", "l"])).rejects.toThrow(
        "Cannot split a table as 'key' must be columns that are null in no row: current value is",
      );
    });

    it.each([
      [["", "k"], "'table' must be a non-empty string"],
      [["t", []], "'key' must be a non-empty string or a non-empty array of distinct ones"],
      [["t", "k", 0], "'rows' must be a positive integer"],
    ])("refuses %o", async (given, rule) => {
      const splitting = split(...given as [string, string]);
      await expect(splitting).rejects.toThrow(`Cannot split a table as ${rule}`);
    });

    it("refuses a bound that does not fit the key", async () => {
      const table = await create("a int, b int");
      const reading = read(table, ["a", "b"], { after: null, upTo: ["1"] });
      await expect(reading).rejects.toThrow("'upTo' must be a value for each of the 2 columns");
      expect(() => postgresSource(tested().client, "select 1", [], { upTo: 1 })).toThrow(
        "'upTo' must be omitted without 'key'",
      );
    });
  });
}
