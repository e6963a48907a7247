import { expect, it } from "vitest";
import type { BatchError } from "../../../src/errors.ts";
import { etl } from "../../../src/index.ts";
import { postgresSink, tombstone } from "../../../src/adapters/postgres.ts";
import { type Bench, contextOf } from "../../support/postgres/cases.ts";

const errorOf = (work: Promise<unknown>) => work.then(() => undefined, (error) => error);

/** Columns that a sink adds. */
export function testPostgresGrowth({ tested, create, all, sink }: Bench): void {
  it("adds columns by the values of properties, and reports them", async () => {
    const table = await create("id int");
    const values = {
      ...{ i: 1, f: 1.5, n: 2n ** 70n, b: true, s: "x", d: new Date(0) },
      ...{ y: Uint8Array.of(1), o: { a: [1] }, l: [1], 'q"': "q" },
    };
    const { load } = sink({ table, unknown: "add", columns: ["id"] });
    const rows = [{ id: 1 }, { id: 2, ...values }, { id: 3, empty: null }, { id: 4, f: 2 }];
    const { drift } = await etl({ name: "j", extract: () => rows, load }).run({ batchSize: 1 });
    expect(drift).toEqual({
      ...Object.fromEntries(Object.keys(values).map((name) => [name, 1])),
      empty: 1,
    });
    const types = await tested().run(`select attname as name, format_type(atttypid, -1) as type
      from pg_attribute where attrelid = '${table}'::regclass and attnum > 1 order by attnum`);
    expect(types.map((row) => Object.values(row as object).join())).toEqual([
      ...["i,bigint", "f,double precision", "n,numeric", "b,boolean", "s,text"],
      ...["d,timestamp with time zone", "y,bytea", "o,jsonb", "l,jsonb", 'q",text'],
    ]);
    expect(await all(table)).toHaveLength(4);
  });

  it("adds a column once for two sinks and their batches at once", async () => {
    const table = await create("id int");
    const sinks = [0, 1].map(() => sink({ table, unknown: "add" }));
    await Promise.all(sinks.map(({ load }) => load([{ id: 0 }], contextOf())));
    await Promise.all(
      [...sinks, ...sinks].map(({ load }, n) => load([{ id: n, a: n, b: "b" }], contextOf())),
    );
    const sums = await tested().run(`select sum(a)::int as a, count(b)::int as b from ${table}`);
    expect(sums).toEqual([{ a: 6, b: 4 }]);
  });

  it("leaves no column where the batch fails", async () => {
    const table = await create("id int primary key");
    const { load } = sink({ table, unknown: "add" });
    const error: BatchError = await errorOf(
      load([{ id: 1, a: 1 }, { id: 2, a: "x" }], contextOf()),
    );
    expect([...error.failures.keys()]).toEqual([1]);
    expect(String(error.failures.get(1))).toContain('column "a"');
    await expect(load([{ id: 1, a: 1 }, { id: 1, a: 2 }], contextOf())).rejects.toThrow();
    expect(await all(table)).toEqual([]);
    await load([{ id: 1, a: "text now" }], contextOf());
    expect(await all(table)).toEqual([{ id: 1, a: "text now" }]);
  });

  it.each([["ü".repeat(32), "63 bytes"], ["", "non-empty"], ["ctid", "its own"], [
    "g",
    "by itself",
  ]])(
    "refuses by name what cannot be a column: %j",
    async (name, reason) => {
      const table = await create("id int, g int generated always as (id) stored");
      const { load } = sink({ table, unknown: "add" });
      const error: BatchError = await errorOf(load([{ id: 1 }, { id: 2, [name]: 1 }], contextOf()));
      expect([...error.failures.keys()]).toEqual([1]);
      expect(String(error.failures.get(1))).toContain(reason);
    },
  );

  it("writes and deletes in the order of the batch, whose rows need a column", async () => {
    const table = await create("id int primary key, name text");
    await tested().run(`insert into ${table} values (1, 'a')`);
    const { load } = sink({ table, unknown: "add" });
    const told: unknown[] = [];
    const drift = (counts: object) => void told.push({ ...counts });
    const rows = [{ id: 2, a: 1 }, tombstone({ id: 1 }), { id: 1, a: 2 }, tombstone({ id: 2 })];
    await load(rows, { ...contextOf(), drift });
    expect(told).toEqual([{ a: 2 }]);
    const [row, ...others] = await all(table);
    expect([Number(row!["a"]), others]).toEqual([2, []]);
  });

  it("adds columns for a row that has no others", async () => {
    const table = await create("id serial primary key");
    const { load } = sink({ table, unknown: "add" });
    await load([{ a: "x" }, { id: 5, a: "y" }, { id: 6 }], contextOf());
    expect((await all(table)).map(({ a }) => a)).toEqual(["x", "y", null]);
    const error: BatchError = await errorOf(load([{ b: null }], contextOf()));
    expect(String(error.failures.get(0))).toContain("must have a property that is a column");
  });
}

/** Columns that a sink adds to several tables. */
export function testPostgresLinkedGrowth({ tested, create, all }: Bench, isPool: boolean): void {
  const family = async (options: object = {}, own: object = {}) => {
    const user = await create("id serial primary key, name text");
    const post = await create(`id serial primary key, user_id int not null references ${user},
      title text`);
    const tables = {
      [user]: {},
      [post]: { parent: { table: user, on: { user_id: "id" } }, ...own },
    };
    const open = () => postgresSink(tested().client, { unknown: "add", ...options, tables });
    return { user, post, open };
  };

  it("adds columns to several tables with their batch, and reports them by table", async () => {
    const { user, post, open } = await family();
    const trees = [
      { [user]: { name: "Ada" }, [post]: { title: "a" } },
      { [user]: { name: "Ben", nick: "B" }, [post]: [{ title: "b", nick: 5 }, { o: { x: [1] } }] },
      { [user]: { name: "Cleo", nick: null }, [post]: { title: "c", nick: 6 } },
    ];
    const { load, checkpoints } = open();
    const pipeline = etl({ name: user, extract: () => trees, load });
    const { drift } = await pipeline.run({ batchSize: 2, checkpoints });
    expect(drift).toEqual({ [`${user}.nick`]: 1, [`${post}.nick`]: 1, [`${post}.o`]: 1 });
    expect((await all(user)).map(({ nick }) => nick)).toEqual([null, "B", null]);
    const rows = (await all(post)).map(({ user_id, title, nick, o }) =>
      JSON.stringify([user_id, title, nick === null ? null : Number(nick), o])
    );
    expect(new Set(rows)).toEqual(
      new Set(['[1,"a",null,null]', '[2,"b",5,null]', '[2,null,null,{"x":[1]}]', '[3,"c",6,null]']),
    );
  });

  it("names what the rows came with where a column cannot be added, and adds none", async () => {
    const { user, post, open } = await family();
    const { load } = open();
    const trees = [{ [user]: { id: 1, nick: "A" } }, { [user]: { id: 2 }, [post]: { ctid: 1 } }];
    const { failures }: BatchError = await errorOf(load(trees, contextOf()));
    expect([...failures].map(([place, error]) => [place, (error as Error).message])).toEqual([
      [1, `Cannot add column "${post}"."ctid": PostgreSQL has its own column of this name (row 1)`],
    ]);
    await load([{ [user]: { id: 1 } }], contextOf());
    expect(await all(user)).toEqual([{ id: 1, name: null }]);
  });

  it("adds columns in the order of the batch, which has tombstones", async () => {
    const { user, post, open } = await family({ conflict: "replace" }, { missing: "delete" });
    const trees = [
      { [user]: { id: 1, name: "Ada" }, [post]: [{ id: 1, title: "a" }, { id: 2, title: "b" }] },
      { [user]: { id: 2, nick: "B" }, [post]: { id: 3, tag: "x" } },
      { [user]: tombstone({ id: 2 }) },
      { [user]: { id: 1, name: "Ada" }, [post]: { id: 2, tag: "y" } },
    ];
    await open().load(trees, contextOf());
    expect(await all(user)).toEqual([{ id: 1, name: "Ada", nick: null }]);
    expect(await all(post)).toEqual([{ id: 2, user_id: 1, title: "b", tag: "y" }]);
  });

  it.runIf(isPool)("never waits in a circle where batches of any kind come at once", async () => {
    const { user, post, open } = await family({ conflict: "replace" });
    const sinks = [open(), open()];
    const first = Array.from({ length: 20 }, (_, id) => ({ [user]: { id }, [post]: { id } }));
    for (const { load } of sinks) await load(first, contextOf());
    const batches = [5, 6].flatMap((id, n): object[][] => [
      [{ [post]: { id, user_id: id, title: "alone" } }],
      [{ [user]: { id: id + 4, [`u${n}`]: 1 }, [post]: { id: id + 4, [`p${n}`]: 1 } }],
      [{ [user]: tombstone({ id: id + 8 }) }],
    ]);
    await Promise.all(batches.map((batch, n) => sinks[n % 2]!.load(batch, contextOf())));
    expect((await all(user)).map(({ id }) => id)).toHaveLength(18);
    const [row] = await tested().run(`select count(u0) + count(u1) as u, count(p0) + count(p1) as p
      from ${user} u join ${post} p on p.user_id = u.id`);
    expect([Number(row!["u"]), Number(row!["p"])]).toEqual([2, 2]);
  });

  it("adds columns where a function inserts, counted by table, also in its next statement", async () => {
    const table = await create("id int");
    const { load } = postgresSink(tested().client, {
      write: async (tx, rows: readonly object[]) => {
        await tx.insert(table, rows, { unknown: "add" });
        await tx.insert(table, rows, { unknown: "add" });
      },
    });
    const rows = [{ id: 1 }, { id: 2, a: 1 }, { id: 3, a: 2 }];
    const { drift } = await etl({ name: "j", extract: () => rows, load }).run({ batchSize: 1 });
    expect(drift).toEqual({ [`${table}.a`]: 1 });
    expect((await all(table)).map(({ a }) => a === null ? null : Number(a))).toEqual(
      [null, null, 1, 1, 2, 2],
    );
  });
}
