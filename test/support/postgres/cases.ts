import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PostgresSink, PostgresSinkOptions } from "../../../src/adapters/postgres.ts";
import { sqlStateOf } from "../../../src/adapters/postgres/sql-state.ts";
import { BatchError } from "../../../src/errors.ts";
import type { DoneRange } from "../../../src/checkpoints/checkpoint.ts";
import { clients, sinkOf, type TestClient, testedClients } from "./clients.ts";
import { type PostgresServer, startPostgres } from "./server.ts";
import { testPostgresAnswers } from "../../adapters/postgres/commit/answers.cases.ts";
import { testPostgresFailures } from "../../adapters/postgres/database/failures.cases.ts";
import { testPostgresOutage } from "../../adapters/postgres/checkpoints.cases.ts";
import { testPostgresKnownMarks } from "../../adapters/postgres/known-marks.cases.ts";
import { testPostgresMarks } from "../../adapters/postgres/commit/marks.cases.ts";
import {
  testPostgresCopyNames,
  testPostgresSessions,
} from "../../adapters/postgres/database/sessions.cases.ts";
import { testPostgresSignals } from "../../adapters/postgres/writer.cases.ts";
import { testPostgresUses } from "../../adapters/postgres/sink.cases.ts";
import { testPostgresSource } from "../../adapters/postgres/source/source.cases.ts";
import { testPostgresSplits } from "../../adapters/postgres/split-by-key.cases.ts";
import { testPostgresContracts } from "./contracts.ts";
import { failing, kept, refused } from "./values.ts";
import { hasState } from "./sql-state.ts";

const types = `
  create type millrace_mood as enum ('it''s', 'ok');
  create domain millrace_even as int4 check (value % 2 = 0);
  create domain millrace_bytes as bytea`;

/** What a test of one kind of client works with. */
export interface Bench {
  /** The client; there once the tests run. */
  readonly tested: () => TestClient;
  readonly server: () => PostgresServer;
  /** Makes a table, and gives its name. */
  create(columns: string): Promise<string>;
  /** All rows of a table in the order of its first column. */
  all(table: string): Promise<Record<string, unknown>[]>;
  sink(options: PostgresSinkOptions): PostgresSink;
}

/** What a load is told. */
export function contextOf(
  key?: string,
  ranges?: readonly DoneRange[],
  { runId = "run", attempt = 1 } = {},
) {
  return { runId, batch: { attempt, key, ranges } };
}

/** Defines all tests, for every kind of client, on one server. */
export function testPostgres(): void {
  let server: PostgresServer | undefined;
  beforeAll(async () => void (server = await startPostgres()), 180_000);
  afterAll(() => server?.stop());
  describe.each(testedClients)("postgresSink of %s", (name) => {
    const bench = benchOf(name, () => server!);
    testLoads(bench);
    testValues(bench, name === "postgres" ? ["insert"] : ["insert", "copy"]);
    testPostgresMarks(bench);
    testPostgresKnownMarks(bench);
    testPostgresUses(bench);
    testPostgresSource(bench, name);
    if (name !== "PGlite") testPostgresFailures(bench, name);
    if (name !== "PGlite") testPostgresAnswers(bench, name);
    if (name === "pg Pool") testPostgresSplits(bench); // No client makes another statement of it.
    testPostgresOutage(bench, name);
    if (name !== "PGlite") testPostgresSignals(bench, name);
    if (name !== "PGlite") testPostgresSessions(bench, name);
    if (name !== "postgres") testPostgresCopyNames(bench);
    testPostgresContracts(bench, () => server!);
  });
}

/** What tests of one kind of client work with, in a schema of their own. */
export function benchOf(name: string, server: () => PostgresServer): Bench {
  let tested: TestClient;
  let tables = 0;
  beforeAll(async () => {
    tested = await clients[name]!(server().url);
    await tested.run(`drop schema public cascade; create schema public; ${types}`);
  }, 180_000);
  afterAll(() => tested.close());
  return {
    tested: () => tested,
    server,
    create: async (columns) => {
      const table = `table_${++tables}`;
      await tested.run(`create table ${table} (${columns})`);
      return table;
    },
    all: (table) => tested.run(`select * from ${table} order by 1`),
    sink: (options) => sinkOf(tested, options),
  };
}

function testLoads({ tested, create, all, sink }: Bench): void {
  const id = (n: number, v: string) => ({ id: n, v });

  it("quotes names, whatever is in them", async () => {
    const names = ["__proto__", "c0", "$1", "sel ect", "é", 'a"b', "', drop", "place"];
    const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`);
    await tested().run(`drop schema if exists "s""c" cascade; create schema "s""c"`);
    const table = `"s""c"."ta""ble; drop"`;
    const columns = quoted.map((name) => `${name} int`).join(", ");
    await tested().run(`create table ${table} (${columns}, primary key (${quoted.slice(0, 2)}))`);
    const { load } = sink({
      table: 'ta"ble; drop',
      schema: 's"c',
      columns: names,
      conflict: "replace",
    });
    const row = Object.fromEntries(names.map((name, n) => [name, n]));
    await load([row], contextOf());
    const other = Object.fromEntries(names.map((name, n) => [name, n < 2 ? n : -n]));
    await load([other], contextOf());
    // As text: a client may make no property of a column that is called `__proto__`.
    const [found] = await tested().run(`select to_json(t)::text as "row" from ${table} as t`);
    expect(JSON.stringify(JSON.parse(String(found!["row"])))).toBe(JSON.stringify(other));
  });

  it("fails as a whole if a key exists", async () => {
    const table = await create("id int primary key, v text");
    const { load } = sink({ table, columns: ["id", "v"] });
    await load([id(1, "old")], contextOf());
    const loading = load([id(2, "new"), id(1, "new")], contextOf());
    await expect(loading).rejects.toSatisfy(hasState("23505"));
    expect(await all(table)).toEqual([id(1, "old")]);
  });

  it("ignores rows of existing keys; the first of a batch wins", async () => {
    const table = await create("id int primary key, v text");
    const { load } = sink({ table, columns: ["id", "v"], conflict: "ignore" });
    await load([id(1, "old"), id(2, "first"), id(2, "second")], contextOf());
    await load([id(1, "new"), id(3, "new")], contextOf());
    expect(await all(table)).toEqual([id(1, "old"), id(2, "first"), id(3, "new")]);
  });

  it("ignores rows by the given key, and fails for another", async () => {
    const table = await create("id int primary key, v text unique");
    const { load } = sink({ table, columns: ["id", "v"], conflict: "ignore", key: ["v"] });
    await load([id(1, "a"), id(2, "a"), id(3, "b")], contextOf());
    await load([id(4, "b")], contextOf());
    expect(await all(table)).toEqual([id(1, "a"), id(3, "b")]);
    await expect(load([id(1, "c")], contextOf())).rejects.toSatisfy(hasState("23505"));
  });

  it("replaces rows, the last of a batch wins, and keeps the other columns", async () => {
    const table = await create("id int primary key, v text, other int default 7");
    const { load } = sink({ table, columns: ["v", "id"], conflict: "replace" });
    await load([id(1, "old"), id(2, "first"), id(2, "second")], contextOf());
    await tested().run(`update ${table} set other = 8`);
    await load([id(3, "new"), id(1, "new")], contextOf());
    expect(await all(table)).toEqual([
      { ...id(1, "new"), other: 8 },
      { ...id(2, "second"), other: 8 },
      { ...id(3, "new"), other: 7 },
    ]);
  });

  it("replaces rows by a key of several columns, and rows that consist of their key", async () => {
    const table = await create("a int, b text, v int, primary key (b, a)");
    const { load } = sink({ table, columns: ["a", "b", "v"], conflict: "replace" });
    await load(
      [{ a: 1, b: "x", v: 1 }, { a: 2, b: "x", v: 2 }, { a: 1, b: "x", v: 3 }],
      contextOf(),
    );
    expect(await all(table)).toEqual([{ a: 1, b: "x", v: 3 }, { a: 2, b: "x", v: 2 }]);
    const keys = sink({ table, columns: ["a", "b"], conflict: "replace" });
    await keys.load([{ a: 1, b: "x" }, { a: 1, b: "x" }, { a: 9, b: "y" }], contextOf());
    expect((await all(table)).map(({ v }) => v)).toEqual([3, 2, null]);
  });

  it("sends the given types", async () => {
    const table = await create("at timestamp");
    await tested().run(`set time zone 'utc'`);
    const { load } = sink({ table, columns: ["at"], types: { at: "timestamptz(3)" } });
    await load([{ at: new Date(86_400_000) }], contextOf());
    const [row] = await tested().run(
      `select at at time zone current_setting('timezone') = timestamptz 'epoch' + interval '1 day'
        as same from ${table}`,
    );
    expect(row).toEqual({ same: true });
  });

  it.each(
    [
      ["table", { table: "missing" }, `an existing table: current value is "\\"missing\\""`],
      ["columns", { columns: ["no"] }, `columns of "TABLE": current value is "no"`],
      ["types", { types: { v: "no_such" } }, `types of the database: current value is "no_such"`],
      [
        "key",
        { conflict: "replace" },
        "given, as the 'columns' have no primary key of \"TABLE\": " +
        "current value is undefined",
      ],
    ] as const,
  )("rejects a wrong %s at the first load, and looks again", async (name, wrong, words) => {
    const table = await create("v text");
    const { load } = sink({ table, columns: ["v"], ...wrong as object });
    const message = `Cannot load rows as '${name}' must be ${words.replace("TABLE", table)}`;
    await expect(load([{ v: "a" }], contextOf())).rejects.toThrow(message);
    await expect(load([{ v: "a" }], contextOf())).rejects.toThrow(message);
  });

  it("keeps dead letters", async () => {
    const writer = sink({ table: "none", columns: ["none"] }).deadLetters().getWriter();
    const error = Object.assign(new TypeError("bad \0 \ud800"), { code: "E1" });
    const letter = { item: { a: "\0" }, row: [1n], error, stage: "load", attempts: 2 } as const;
    await writer.write({ ...letter, pipeline: "p", runId: "r", offset: 2 ** 40, at: 0 });
    await writer.write({ ...letter, error: "x", pipeline: "p", runId: "r", offset: 1, at: 0 });
    await writer.close();
    const rows = await tested().run(
      `select pipeline, run_id, item_offset::float8 as "offset", stage, attempts, item, error_name,
        error_message, error_code, extract(epoch from "at")::int as at
      from millrace_dead_letter order by id`,
    );
    expect(rows[0]).toEqual({
      ...{ pipeline: "p", run_id: "r", offset: 2 ** 40, stage: "load", attempts: 2, at: 0 },
      ...{ item: '{"a":"\\u0000"}', error_name: "TypeError", error_code: "E1" },
      error_message: "bad \ufffd \ufffd",
    });
    expect(rows[1]).toMatchObject({ error_name: "string", error_message: "x", error_code: null });
  });
}

type Method = NonNullable<PostgresSinkOptions["method"]>;

function testValues({ tested, create, all, sink }: Bench, methods: readonly Method[]): void {
  describe.each(methods)("by %s", (method) => {
    it.each(kept)("stores a value of %s: %o", async (type, value, text) => {
      const table = await create(`id int, v ${type}, w int`);
      const { load } = sink({ table, columns: ["id", "v", "w"], method });
      await load([{ id: 1, v: value, w: 2 }, { id: 3, v: null, w: 4 }], contextOf());
      const v = type === "timestamptz" ? "(v at time zone 'utc')" : "v";
      const rows = await tested().run(`select id, ${v}::text as v, w from ${table} order by id`);
      expect(rows).toEqual([{ id: 1, v: text, w: 2 }, { id: 3, v: null, w: 4 }]);
    });

    it.each(refused)("rejects a value of %s: %o", async (type, value, words) => {
      const table = await create(`id int, "a v" ${type}`);
      const { load } = sink({ table, columns: ["id", "a v"], method });
      const rows = [{ id: 1, "a v": null }, { id: 2, "a v": value }, { id: 3, "a v": value }];
      const error = await load(rows, contextOf()).then(() => undefined, (error) => error);
      expect(error).toBeInstanceOf(BatchError);
      expect([...error.failures.keys()]).toEqual([1, 2]);
      const { message } = error.failures.get(1);
      expect(message).toMatch(/^Cannot load row as column "a v" must be /);
      expect(message.endsWith(`, or null for no value: ${words} (row 1)`), message).toBe(true);
      expect(await all(table)).toEqual([]);
    });

    it("rejects a row that is not an object", async () => {
      const table = await create("id int");
      const { load } = sink({ table, columns: ["id"], method });
      const rows = [1, { id: 1 }, null, [1]] as never[];
      const error = await load(rows, contextOf()).then(() => undefined, (error) => error);
      const messages = [...error.failures].map(([row, { message }]) => [row, message]);
      const rule = `it must be an object with the property "id"`;
      expect(messages).toEqual([
        [0, `Cannot load row as ${rule}: current value is 1 (row 0)`],
        [2, `Cannot load row as ${rule}: current value is null (row 2)`],
        [3, `Cannot load row as ${rule}: current value is an array of 1 (row 3)`],
      ]);
    });

    it.each(failing)(
      "reports the database's error for a value of %s: %o",
      async (type, value) => {
        const table = await create(`id int, v ${type}`);
        const { load } = sink({ table, columns: ["id", "v"], method });
        const loading = load([{ id: 1, v: null }, { id: 2, v: value }], contextOf());
        const error = await loading.then(() => undefined, (error) => error);
        expect(error).toBeInstanceOf(BatchError);
        expect([...error.failures.keys()]).toEqual([1]);
        expect(sqlStateOf(error.failures.get(1))).toMatch(/^2[23]/);
        expect(await all(table)).toEqual([]);
        await load([{ id: 1, v: null }], contextOf());
        expect(await all(table)).toHaveLength(1);
      },
    );
  });
}
