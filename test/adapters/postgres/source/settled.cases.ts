import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgresSource, type PostgresSourceOptions } from "../../../../src/adapters/postgres.ts";
import { etl } from "../../../../src/etl/etl.ts";
import type { Bench } from "../../../support/postgres/cases.ts";

type Row = { id: unknown; at?: unknown };

/** Defines the tests of reads while others write. */
export function testPostgresSettled({ tested, create, server, sink, all }: Bench): void {
  describe("settled", () => {
    let early: pg.Client; // Begins to write first, and commits last.
    let late: pg.Client;
    beforeAll(async () => {
      [early, late] = [new pg.Client(server().url), new pg.Client(server().url)];
      await Promise.all([early.connect(), late.connect()]);
    });
    afterAll(async () => void await Promise.all([early.end(), late.end()]));

    const idsOf = async (sql: string, options: PostgresSourceOptions, params: unknown[] = []) => {
      const { source } = postgresSource<Row>(tested().client, sql, params, {
        ...{ key: "id", settled: true },
        ...options,
      });
      return (await Array.fromAsync(source as ReadableStream<Row[]>)).flat().map(({ id }) => id);
    };
    /** A table with the ids 1 to 3, and one with a gap where nobody writes any more. */
    const tableOf = async (values = "(1), (2), (3)") => {
      const table = await create("id serial primary key, v int");
      await tested().run(`insert into ${table} (v) values ${values}`);
      return table;
    };

    it("loads each row once if a lower key is committed after a higher one", async () => {
      const table = await tableOf();
      const to = await create("id int primary key");
      const { load, checkpoints } = sink({ table: to, columns: ["id"] });
      const run = () =>
        etl({
          name: to,
          extract: ({ checkpoint }) =>
            postgresSource<{ id: number }>(tested().client, `select id from ${table}`, [], {
              ...{ key: "id", after: checkpoint?.position, settled: true },
            }),
          load,
        }).run({
          ...{ batchSize: 2, checkpoints, resume: "source", position: ({ id }) => id },
        });
      await early.query(`begin; insert into ${table} (v) values (4)`);
      await late.query(`insert into ${table} (v) values (5)`);
      await run();
      expect((await all(to)).map(({ id }) => id)).toEqual([1, 2, 3]);
      await early.query("commit");
      await run();
      expect((await all(to)).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
      expect((await run()).extracted).toBe(0);
    });

    it("stops below open transactions by the position of its own query", async () => {
      const table = await tableOf();
      const sql = `select id from ${table} where id > $1`;
      await early.query(`begin; insert into ${table} (v) values (4)`);
      await late.query(`insert into ${table} (v) values (5), (6)`);
      expect(await idsOf(sql, { chunkSize: 1 }, [0])).toEqual([1, 2, 3]);
      expect(await idsOf(sql, {}, [3])).toEqual([]);
      await early.query("rollback");
      expect(await idsOf(sql, { chunkSize: 1 }, [3])).toEqual([5, 6]);
    });

    it("waits for writers, and passes the gaps that they leave", async () => {
      const table = await tableOf();
      await early.query(`begin; insert into ${table} (v) values (4)`);
      await late.query(`insert into ${table} (v) values (5)`);
      const reading = idsOf(`select id from ${table}`, { chunkSize: 2 });
      await early.query("rollback");
      expect(await reading).toEqual([1, 2, 3, 5]);
    });

    it("leaves rows committed between two pages to the next read", async () => {
      const table = await tableOf("(1), (2), (3), (4)");
      const { source } = postgresSource<Row>(tested().client, `select id from ${table}`, [], {
        ...{ key: "id", settled: true, chunkSize: 1 },
      });
      const reader = (source as ReadableStream<Row[]>).getReader();
      const ids = [(await reader.read()).value![0]!.id];
      await early.query(`begin; insert into ${table} (v) values (5)`);
      await late.query(`insert into ${table} (v) values (6)`);
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        ids.push(...read.value.map(({ id }) => id));
        if (ids.length === 3) await early.query("commit");
      }
      expect(ids).toEqual([1, 2, 3, 4]);
      expect(await idsOf(`select id from ${table}`, { after: 4 })).toEqual([5, 6]);
    });

    it("finds the tables behind views and partitions", async () => {
      const table = await create(`id bigserial, k int) partition by list (k`);
      await tested().run(`create table ${table}_1 partition of ${table} for values in (1);
        create table ${table}_2 partition of ${table} for values in (2);
        create view ${table}_view as select id from ${table}`);
      await early.query(`begin; insert into ${table} (k) values (1)`);
      await late.query(`insert into ${table} (k) values (2)`);
      for (const name of [table, `${table}_2`, `${table}_view`]) {
        expect(await idsOf(`select id from ${name}`, {})).toEqual([]);
      }
      await early.query("commit");
      expect(await idsOf(`select id from ${table}_view`, {})).toEqual(["1", "2"]);
      await tested().run(`drop table ${table} cascade`);
    });

    it("stops below the begin of open transactions by a key of times", async () => {
      const table = await create(
        "id serial primary key, at timestamptz not null default clock_timestamp()",
      );
      const key = ["at", "id"];
      const sql = `select * from ${table}`;
      await tested().run(`insert into ${table} values (1), (2)`);
      await early.query("begin; select now()"); // It writes what was before, later.
      await late.query(`insert into ${table} values (4)`);
      expect(await idsOf(sql, { key })).toEqual([1, 2]);
      await early.query(`insert into ${table} values (3, now()); commit`);
      expect(await idsOf(sql, { key })).toEqual([1, 2, 3, 4]);
    });

    it("reads an overlap below its position again", async () => {
      const table = await tableOf("(1), (2), (3), (4), (5)");
      const sql = `select id from ${table}`;
      expect(await idsOf(sql, { settled: false, after: 4, lag: 2 })).toEqual([3, 4, 5]);
      expect(await idsOf(sql, { settled: false, after: "4", lag: 1.5 })).toEqual([3, 4, 5]);
      expect(await idsOf(sql, { settled: false, after: null, lag: 2 })).toHaveLength(5);
      const times =
        `select timestamptz '2024-01-01 00:00:00.000001Z' + n * interval '1 minute' as id
        from generate_series(1, 5) as n`;
      const [, , third] = await idsOf(times, { settled: false });
      expect(await idsOf(times, { settled: false, after: third })).toHaveLength(2);
      const lag = "90 seconds";
      const two = `select id, 1 as n from (${times}) as t`;
      const after = [third, 1];
      expect(await idsOf(two, { settled: false, key: ["id", "n"], after, lag })).toHaveLength(4);
      expect(await idsOf(times, { settled: false, after: third, lag })).toHaveLength(4);
    });

    it.each<[string, string, PostgresSourceOptions]>([
      ["left out for a query of no table", "select 1 as id", {}],
      ["left out, unless the key is one column of", "select 'a' as id", {}],
      ["left out, unless the key is one column of", "select 1 as id, 2 as b", { key: ["id", "b"] }],
      ["an interval such as", "select now() as id", { settled: false, after: new Date(), lag: 1 }],
      ["a number, as the key is one", "select 1 as id", { settled: false, after: 1, lag: "1 day" }],
      ["left out, unless the key begins with", "select 'a' as id", {
        settled: false,
        after: "a",
        lag: 1,
      }],
      ["above 0: current", "select now() as id", { after: new Date(), lag: "-1 day" }],
      ["a value for each of the 2 columns", "select 1 as id, 2 as b", {
        ...{ settled: false, key: ["id", "b"], after: [1] },
      }],
    ])("rejects what it cannot guarantee: %s", async (words, sql, options) => {
      await expect(idsOf(sql, options)).rejects.toThrow(`must be ${words}`);
    });
  });
}
