import { expect, it } from "vitest";
import type { BatchError } from "../../../src/errors.ts";
import { etl } from "../../../src/index.ts";
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
}
