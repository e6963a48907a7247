import { describe, expect, it } from "vitest";
import { postgresSource } from "../../../../src/adapters/postgres.ts";
import type { Bench } from "../../../support/postgres/cases.ts";

type Row = Record<string, unknown>;

/** Defines the tests of a result that is not the same in all pages. */
export function testPostgresSourceChanges({ tested, create }: Bench): void {
  describe.each(["lossless", "client"] as const)("values: %s", (values) => {
    /** The rows of a table that is changed between two pages. */
    const readThrough = async (change: string) => {
      const table = await create("a int primary key, b int");
      await tested().run(`insert into ${table} select n, n from generate_series(1, 8) as n`);
      const { source } = postgresSource<Row>(tested().client, `select * from ${table}`, [], {
        ...{ chunkSize: 2, key: "a", values },
      });
      const reader = (source as ReadableStream<Row[]>).getReader();
      const rows = [...(await reader.read()).value!, ...(await reader.read()).value!];
      await tested().run(change.replace("TABLE", table));
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        rows.push(...read.value);
      }
      return rows;
    };

    it.each([
      ["alter table TABLE add column w int default 7", { a: 8, b: 8, w: 7 }],
      ["alter table TABLE drop column b", { a: 8 }],
      ["alter table TABLE alter b type text", { a: 8, b: "8" }],
      ["alter table TABLE rename b to c", { a: 8, c: 8 }],
      ["alter table TABLE drop column b, add column b text default 'x'", { a: 8, b: "x" }],
      ["alter table TABLE add column c int, drop column b", { a: 8, c: null }],
    ])("continues after: %s", async (change, last) => {
      const rows = await readThrough(change);
      expect(rows.map(({ a }) => a)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(rows.at(-1)).toEqual(last);
    });

    it.each([
      ["alter table TABLE alter a type text", "Cannot read pages as the key a has another type"],
      ["alter table TABLE rename a to c", "'key' must be columns that the result has once"],
      ["drop table TABLE", "does not exist"],
    ])("fails by name after: %s", async (change, words) => {
      await expect(readThrough(change)).rejects.toThrow(words);
    });
  });
}
