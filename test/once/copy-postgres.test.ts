import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli.ts";
import { testTerminal } from "../support/cli/test-terminal.ts";
import { type PostgresServer, startPostgres } from "../support/postgres/server.ts";

const folder = mkdtempSync(join(tmpdir(), "copy-postgres-"));
let server: PostgresServer | undefined;
let client: pg.Client;

beforeAll(async () => {
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  server = await startPostgres();
  client = new pg.Client(server.url);
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

async function copy(...args: string[]) {
  const terminal = testTerminal({ folder });
  const words = args.map((word) => word.replace(/^pg(?=$|#)/, server!.url));
  const code = await main(["copy", ...words], terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

/** Makes a copy that has to succeed. */
async function copied(...args: string[]): Promise<string> {
  const { code, out, err } = await copy(...args);
  expect([code, err]).toEqual([0, ""]);
  return out;
}

async function textsOf(table: string): Promise<unknown[]> {
  const { rows } = await client.query(`select to_jsonb(t) as row from ${table} t order by id`);
  return rows.map(({ row }) => row);
}

const all = `create table one (id bigint primary key, name text, price numeric(6, 2), ok boolean,
    at timestamptz, raw bytea, doc jsonb, tags text[], day date);
  insert into one values
    (1, '', 1.50, true, '2026-01-02 03:04:05.678901+00', '\\x00ff', '{"a": [1, "x"]}', '{a,b}', '2026-01-02'),
    (9007199254740993, null, null, null, null, null, null, null, null);`;

describe("millrace copy and PostgreSQL", () => {
  it("copies a table into another one, with all values and its key", async () => {
    await client.query(`drop table if exists one; ${all} create schema other`);
    await copied("pg#one", "pg#other.one", "--create");
    expect(await textsOf("other.one")).toEqual(await textsOf("one"));
    expect(await copied("pg#one", "pg#other.one")).toContain("Nothing to copy: no new rows in");
    await client.query("insert into one (id) values (9007199254740994)");
    expect(await copied("pg#one", "pg#other.one")).toContain("Copied 1 row from");
    expect(await textsOf("other.one")).toHaveLength(3);
  });

  it.each([["shop.db#one"], ["one.parquet"], ["one.csv.gz"]])(
    "copies a table into %s and back",
    async (between) => {
      await client.query(`drop table if exists one, two; ${all} create table two (like one)`);
      await client.query("alter table one drop column tags; alter table two drop column tags");
      if (between.includes("csv")) {
        await client.query("alter table one drop column raw; alter table two drop column raw");
      }
      await copied("pg#one", between, ...(between.includes("#") ? ["--create"] : []));
      await copied(between, "pg#two");
      expect(await textsOf("two")).toEqual(await textsOf("one"));
    },
  );

  it("copies typed CSV into a new table, and a query into JSON", async () => {
    writeFileSync(join(folder, "a.csv"), 'id,born,note\n1,1815-12-10,""\n2,,\n');
    await copied("a.csv", "pg#people", "--create", "--types", "id=int,born=date");
    expect(await textsOf("people")).toEqual([
      { id: 1, born: "1815-12-10T00:00:00+00:00", note: "" },
      { id: 2, born: null, note: null },
    ]);
    const query = `select id, doc from (values (1::int8, '{"a":[1]}'::jsonb)) t (id, doc)`;
    await copied("pg", "doc.ndjson", "--query", query, "--order-by", "id");
    expect(readFileSync(join(folder, "doc.ndjson"), "utf8")).toBe('{"id":1,"doc":{"a":[1]}}\n');
  });

  it("names a value that JSON cannot hold, and a table that is missing", async () => {
    await client.query(`drop table if exists one; ${all}`);
    const { code, err } = await copy("pg#one", "one.json", "--columns", "id");
    expect([code, err]).toEqual([1, expect.stringContaining("Cannot copy 'id' to JSON")]);
    expect((await copy("pg#none", "x.csv")).err).toContain("'FROM' must be a table that exists");
    expect((await copy("a.csv", "pg#none")).err).toContain("or one beside --create");
  });

  it("prints a program without the password", async () => {
    await client.query(`drop table if exists one; ${all}`);
    const { host, username, pathname } = new URL(server!.url);
    const program = await copied("pg#one", "x.csv", "--columns", "id,name", "--print");
    expect(program).toContain(`connectionString: "postgres://${username}@${host}${pathname}"`);
    expect(program).not.toContain(`:${new URL(server!.url).password}@`);
  });
});
