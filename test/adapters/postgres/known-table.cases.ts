import { describe, expect, it } from "vitest";
import { ConfigurationError, etl } from "../../../src/index.ts";
import type { PostgresSinkOptions } from "../../../src/adapters/postgres.ts";
import { type Bench, contextOf } from "../../support/postgres/cases.ts";

type Row = Record<string, unknown>;

const errorOf = (work: Promise<unknown>) => work.then(() => undefined, (error) => error);

/** Defines the tests of what a sink knows of its table, and when it looks. */
export function testPostgresTables(bench: Bench, canCopy: boolean): void {
  testChanges(bench, canCopy);
  testWrongTables(bench, canCopy);
}

function testChanges({ tested, create, sink }: Bench, canCopy: boolean): void {
  const ways: [string, Partial<PostgresSinkOptions>][] = [
    ["insert", {}],
    ["upsert", { conflict: "replace" }],
    ...(canCopy ? [["copy", { method: "copy" }]] as [string, Partial<PostgresSinkOptions>][] : []),
  ];
  const changes: [string, string, string, unknown, unknown, string][] = [
    [
      "a type",
      "timestamp",
      "alter v type timestamptz",
      "2026-01-01T10:00:00+05:00",
      null,
      "2026-01-01 05:00:00+00",
    ],
    ["an int to json", "int", "alter v type jsonb using to_jsonb(v)", 1, { a: 1 }, '{"a": 1}'],
    [
      "a text to bytes",
      "text",
      "alter v type bytea using v::bytea",
      "a",
      new Uint8Array([1]),
      "\\x01",
    ],
    ["a length", "varchar(2)", "alter v type varchar(5)", "ab", "abcde", "abcde"],
    ["a scale", "numeric(6,0)", "alter v type numeric(6,2)", 1, 1.25, "1.25"],
    ["an array", "int", "alter v type int[] using array[v]", 1, [1, 2], "{1,2}"],
    [
      "a column that was generated",
      "int generated always as (id) stored",
      "alter v drop expression",
      undefined,
      5,
      "5",
    ],
  ];

  describe.each(ways)("by %s", (_, way) => {
    it.each(changes)(
      "notices in the next run that %s has changed",
      async (_, type, change, before, after, text) => {
        await tested().run("set time zone 'utc'");
        const table = await create(`id int primary key, v ${type}`);
        const { load } = sink({ table, ...way });
        const job = (rows: Row[]) =>
          etl({ name: "job", extract: () => rows, load }).run({ batchSize: 2 });
        await job([{ id: 1, v: before }]);
        await tested().run(`alter table ${table} ${change}`);
        await job([{ id: 2, v: after ?? before }]);
        const rows = await tested().run(
          `select (v at time zone 'utc')::text || '+00' as v from ${table}
        where id = 2`.replace(/\(v at.*'\+00'/, text.endsWith("+00") ? "$&" : "v::text"),
        );
        expect(rows).toEqual([{ v: text }]);
      },
    );

    it("looks at the table again after a load that failed, in the same run", async () => {
      const table = await create("id int primary key, v varchar(2)");
      const { load } = sink({ table, columns: ["id", "v"], ...way });
      await load([{ id: 1, v: "a" }], contextOf());
      await tested().run(`alter table ${table} alter v type jsonb using to_jsonb(v)`);
      expect(await errorOf(load([{ id: 2, v: "a" }, { id: 3, v: "b" }], contextOf())))
        .toBeDefined();
      await load([{ id: 2, v: { a: 1 } }], contextOf());
      await tested().run(`alter table ${table} drop v`);
      const lost = await errorOf(load([{ id: 3, v: 1 }, { id: 4, v: 1 }], contextOf()));
      expect(lost).toBeInstanceOf(ConfigurationError);
      expect(lost.message).toBe(
        `Cannot load rows as 'columns' must be columns of "${table}": current value is "v"`,
      );
    });
  });

  it("loads by replay once the table is put right", async () => {
    const table = await create("id int primary key, v varchar(2) not null");
    const { load } = sink({ table, columns: ["id", "v"] });
    const rows = [{ id: 1, v: null }, { id: 2, v: "abc" }, { id: 3, v: "ok" }];
    const letters: unknown[] = [];
    const job = etl<Row>({ name: "job", extract: () => rows, load });
    await job.run({
      batchSize: 3,
      deadLetters: new WritableStream({ write: ({ item }) => void letters.push(item) }),
    });
    expect(letters).toEqual(rows.slice(0, 2));
    await tested().run(`alter table ${table} alter v drop not null, alter v type text`);
    await etl({ name: "again", extract: () => letters as Row[], load }).run({ batchSize: 3 });
    expect(await tested().run(`select id, v from ${table} order by id`)).toEqual(rows);
  });
}

function testWrongTables({ tested, create, sink }: Bench, canCopy: boolean): void {
  const role = "millrace_reader";
  const rows = Array.from({ length: 20 }, (_, n) => ({ id: n, v: n }));
  const wrong: [string, string, Partial<PostgresSinkOptions>, RegExp][] = [
    ["a missing table", "", { table: "missing" }, /'table' must be an existing table.*missing/],
    ["a missing schema", "", { schema: "no" }, /'table' must be an existing table.*no/],
    ["a missing column", "", { columns: ["id", "val"] }, /'columns' must be columns of .*"val"/],
    ["a column in capitals", "", { columns: ["ID"] }, /'columns' must be columns of .*"ID"/],
    ["an identity", "alter table T add x int generated always as identity", {
      columns: ["id", "x"],
    }, /'columns' must be columns that .* does not generate: current value is "x"/],
    ["a stored expression", "alter table T add x int generated always as (id) stored", {
      columns: ["x"],
    }, /does not generate: current value is "x"/],
    [
      "a generated column below a view",
      "alter table T add x int generated always as (id) stored; create view T_v as select * from T",
      { table: "T_v", columns: ["id", "x"] },
      /'columns' must be columns that .* does not generate \(.*"x".*\): current value is "id, x"/,
    ],
    ["a view of two tables", "create view T_v as select a.* from T a join T b using (id)", {
      table: "T_v",
    }, /'table' must be a table that accepts rows .*_v/],
    [
      "a missing index",
      "",
      { conflict: "replace", key: ["v"] },
      /'key' must be the columns of a unique index of .*: current value is "v"/,
    ],
    ["an index that the view has none of", "create view T_v as select * from T", {
      table: "T_v",
      conflict: "ignore",
      key: ["v"],
    }, /'key' must be the columns of a unique index of .*_v.*: current value is "v"/],
    [
      "a type that is no type",
      "",
      { types: { v: "int) , (x int" } },
      /'types' must be types of the database/,
    ],
    [
      "a type that does not fit",
      "",
      { types: { v: "point" } },
      /'table' must be a table that accepts/,
    ],
    [
      "a sequence",
      "create sequence T_s",
      { table: "T_s", columns: ["last_value"] },
      /'table' must be a table that accepts .*_s/,
    ],
  ];

  it.each(wrong)(
    "ends the run by name, without a dead letter, for %s",
    async (_, statement, options, words) => {
      const table = await create("id int primary key, v int");
      const named = (text: string) => text.replaceAll(/\bT(?=\b|_)/g, table);
      await tested().run(named(statement) || "select 1");
      const own = { ...options, table: named(options.table ?? "T") };
      const columns = ["id", "v"];
      const given = "columns" in own
        ? rows.map((row) => ({ [own.columns![0]!]: row.id, [own.columns!.at(-1)!]: row.v }))
        : rows;
      const { load } = sink({ columns, ...own } as PostgresSinkOptions);
      await expectRefused(load, given, words);
      if (!canCopy || own.conflict || own.types) return;
      await expectRefused(
        sink({ columns, ...own, method: "copy" } as PostgresSinkOptions).load,
        given,
        own.table.endsWith("_v") ? /./ : words,
      );
    },
  );

  it("ends the run by name, without a dead letter, for a missing right", async () => {
    const table = await create("id int primary key, v int");
    await tested().run(`create role ${role}; grant usage on schema public to ${role};
      grant insert (id) on ${table} to ${role}`).catch(() => {});
    const [all, part] = [sink({ table }), sink({ table, columns: ["id"] })];
    const words = /'table' must be a table that this role may insert into \(permission denied/;
    await withRole(async () => {
      await part.load([{ id: 1 }], contextOf());
      await expectRefused(all.load, rows, words);
    });
    // The right is lost while the run goes on.
    const known = sink({ table, columns: ["id", "v"] });
    await known.load([{ id: 2, v: 2 }], contextOf("late"));
    await withRole(async () => {
      const error = await errorOf(known.load([{ id: 3, v: 3 }], contextOf("late")));
      expect(error).toBeInstanceOf(ConfigurationError);
    });
    await tested().run(`drop owned by ${role}; drop role ${role}`);
  });

  it("rejects a row by its policy, and ends the run for a sequence without right", async () => {
    const table = await create("id serial, v int");
    await tested().run(`create role ${role}; grant usage on schema public to ${role};
      grant insert, select on ${table} to ${role}`).catch(() => {});
    const { load } = sink({ table, columns: ["v"] });
    await withRole(() =>
      expectRefused(load, [{ v: 1 }, { v: 2 }], /permission denied for sequence/)
    );
    await tested().run(`grant usage on all sequences in schema public to ${role};
      alter table ${table} enable row level security;
      create policy small on ${table} with check (v < 5)`);
    const letters: unknown[] = [];
    await withRole(async () =>
      void await etl<Row>({ name: "job", extract: () => [{ v: 1 }, { v: 5 }, { v: 2 }], load }).run(
        {
          batchSize: 3,
          deadLetters: new WritableStream({ write: ({ item }) => void letters.push(item) }),
        },
      )
    );
    expect(letters).toEqual([{ v: 5 }]);
    await tested().run(`drop owned by ${role}; drop role ${role}`);
  });

  /** All connections are those of a role that may do less. */
  async function withRole(work: () => Promise<void>): Promise<void> {
    const connections = await Promise.all(Array.from({ length: 10 }, () =>
      tested().run(`
      select pg_sleep(0.05); set role ${role}`)));
    expect(connections).toHaveLength(10);
    try {
      await work();
    } finally {
      await Promise.all(
        Array.from({ length: 10 }, () => tested().run("select pg_sleep(0.05); reset role")),
      );
    }
  }

  async function expectRefused(
    load: never | Parameters<typeof etl<Row>>[0]["load"],
    given: Row[],
    words: RegExp,
  ): Promise<void> {
    const letters: unknown[] = [];
    const run = etl<Row>({ name: "job", extract: () => given, load }).run({
      batchSize: 5,
      deadLetters: new WritableStream({ write: (letter) => void letters.push(letter) }),
    });
    const error = await errorOf(run);
    expect(error?.cause).toBeInstanceOf(ConfigurationError);
    expect(error.cause.message).toMatch(words);
    expect(letters).toEqual([]);
  }

  it("accepts a table that preProcess has made", async () => {
    await etl({
      name: "made",
      preProcess: async () =>
        void await tested().run("drop table if exists made; create table made (id int)"),
      extract: () => [{ id: 1 }],
      load: sink({ table: "made", columns: ["id"] }).load,
    }).run();
    expect(await tested().run("select * from made")).toEqual([{ id: 1 }]);
  });

  it("accepts a view, and a name that the database cuts off", async () => {
    const long = "n".repeat(70);
    const table = await create(`"${long}" int primary key, "é${long}" int`);
    await tested().run(`create view ${table}_v as select * from ${table}`);
    const { load } = sink({
      table: `${table}_v`,
      columns: [`é${long}`, long],
      key: [long],
      conflict: "replace",
    });
    await load([{ [long]: 1, [`é${long}`]: 2 }], contextOf());
    const own = sink({ table, columns: [`é${long}`, long], conflict: "replace" });
    await own.load([{ [long]: 1, [`é${long}`]: 3 }, { [long]: 1, [`é${long}`]: 4 }], contextOf());
    expect(Object.values((await tested().run(`select * from ${table}`))[0]!)).toEqual([1, 4]);
  });
}
