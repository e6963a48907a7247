import { expect, it } from "vitest";
import { sqliteSink, type SqliteValue } from "../../../src/adapters/sqlite.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import { etl } from "../../../src/etl/etl.ts";
import type { LoadContext } from "../../../src/pipeline/pipeline.ts";
import type { Bench } from "../../support/postgres/cases.ts";

interface Row {
  readonly id: number;
}

/** A database of SQLite that only takes what it is given: it must not come to anything else. */
function untouched() {
  const db = {
    exec: (sql: string) => void calls.push(sql),
    prepare: (sql: string) => ({
      run: (..._: SqliteValue[]) => void calls.push(sql),
      get: () => undefined,
      all: () => [],
    }),
  };
  const calls: string[] = [];
  return { db, calls };
}

/** Defines the tests of several sinks, and of functions, in one load. */
export function testPostgresUses({ create, all, sink }: Bench): void {
  const rows: Row[] = [{ id: 1 }, { id: 2 }, { id: 3 }];
  const extract = () => rows;
  const two = async () => {
    const tables = [await create("id int"), await create("id int")] as const;
    const [one, other] = tables.map((table) => sink({ table, columns: ["id"] }));
    return { tables, one: one!, other: other! };
  };

  it.each(["in turn", "side by side"])("rejects two sinks in one load, %s", async (way) => {
    const { tables, one, other } = await two();
    const { checkpoints } = one;
    const load = async (rows: Row[], context: LoadContext) => {
      const first = one.load(rows, context);
      if (way === "in turn") await first;
      await Promise.all([first, other.load(rows, context)]);
    };
    const name = `two ${way} ${tables[0]}`;
    const run = etl({ name, extract, load }).run({ batchSize: 2, checkpoints });
    await expect(run).rejects.toThrow(/'tables' or 'write'/);
    await expect(run).rejects.toMatchObject({ cause: expect.any(ConfigurationError) });
    expect((await checkpoints.read(name))?.offset ?? 0).toBe(0);
    expect(await all(tables[1])).toEqual([]);
    const asked = etl({ name, extract, load });
    expect(() => asked.start({ checkpoints, guarantee: "effectively-once" })).toThrow("sink.wrap");
  });

  it.each(["in turn", "side by side"])("takes the mark of the first sink back, %s", async (way) => {
    const { tables, one, other } = await two();
    const { checkpoints } = one;
    const load = async (rows: Row[], context: LoadContext) => {
      const first = one.load(rows, context);
      if (way === "in turn") await first;
      await Promise.all([first, other.load(rows, context)]);
    };
    const linked = Object.assign(load, one.load);
    const name = `linked ${tables[0]}`;
    const run = etl({ name, extract, load: linked }).run({ batchSize: 2, checkpoints });
    await expect(run).rejects.toMatchObject({ cause: expect.any(ConfigurationError) });
    expect((await checkpoints.read(name))?.offset ?? 0).toBe(0);
  });

  it.each(["both", "the second"])("rejects two sinks with a copied context, %s", async (which) => {
    const { tables, one, other } = await two();
    const { checkpoints } = one;
    const copy = ({ batch, ...context }: LoadContext) => ({
      ...{ ...context, batch: structuredClone(batch) },
    });
    const load = async (rows: Row[], context: LoadContext) => {
      await other.load(rows, copy(context));
      await one.load(rows, which === "both" ? copy(context) : context);
    };
    const name = `copies ${which} ${tables[0]}`;
    const run = etl({ name, extract, load }).run({ batchSize: 2, checkpoints });
    await expect(run).rejects.toThrow(/'batch.ranges'.*'tables' or 'write'/);
    await etl({ name, extract, load: one.load }).run({ checkpoints });
    expect(await all(tables[0])).toEqual(rows);
  });

  it("rejects a sink of SQLite beside it, which then writes nothing", async () => {
    const { tables, one } = await two();
    const { checkpoints } = one;
    const { db, calls } = untouched();
    const beside = sqliteSink(db, { table: "t", columns: ["id"] });
    const load = one.wrap(async (rows: Row[], context, load) => {
      await load(rows);
      beside.load(rows, context);
    });
    const run = etl({ name: `mixed ${tables[0]}`, extract, load }).run({ checkpoints });
    await expect(run).rejects.toThrow(/'tables' or 'write'/);
    expect(calls).toEqual([]);
    expect(await all(tables[0])).toEqual([]);
  });

  it("writes all rows of two sinks without checkpoints", async () => {
    const { tables, one, other } = await two();
    const load = (rows: Row[], context: LoadContext) =>
      Promise.all([one.load(rows, context), other.load(rows, context)]);
    await etl({ name: "two", extract, load }).run({ batchSize: 2 });
    expect([await all(tables[0]), await all(tables[1])]).toEqual([rows, rows]);
  });

  it("commits the rows of a wrapped load once its function is done", async () => {
    const { tables, one } = await two();
    const { checkpoints } = one;
    let fails = true;
    const load = one.wrap(async (rows: Row[], _, load) => {
      await load(rows.map(({ id }) => ({ id: id * 10 })));
      if (fails && rows.some(({ id }) => id === 3)) throw new Error("half-way");
    });
    const pipeline = etl({ name: `wrapped ${tables[0]}`, extract, load });
    const options = { batchSize: 2, checkpoints, guarantee: "effectively-once" } as const;
    await expect(pipeline.run(options)).rejects.toThrow("half-way");
    expect(await all(tables[0])).toEqual([{ id: 10 }, { id: 20 }]);
    fails = false;
    expect(await pipeline.run(options)).toMatchObject({ loaded: 1 });
    expect(await all(tables[0])).toEqual([{ id: 10 }, { id: 20 }, { id: 30 }]);
  });

  it("writes nothing twice if a function around its load fails after it", async () => {
    const { tables, one } = await two();
    let calls = 0;
    const load = async (rows: Row[], context: LoadContext) => {
      await one.load(rows, context);
      if (calls++ % 2 === 0) throw new Error("not yet");
    };
    const name = `around ${tables[0]}`;
    const retry = { maxAttempts: 2, baseDelay: 0 };
    const report = await etl({ name, extract, load })
      .run({ batchSize: 2, checkpoints: one.checkpoints, retry });
    expect(report).toMatchObject({ loaded: 3, retries: 2, guarantee: "at-least-once" });
    expect(await all(tables[0])).toEqual(rows);
  });

  it("marks the items of a wrapped load that returns no rows", async () => {
    const { tables, one } = await two();
    const { checkpoints } = one;
    const name = `none ${tables[0]}`;
    await etl({ name, extract, load: one.wrap(async (_: Row[]) => {}) }).run({ checkpoints });
    expect(await checkpoints.read(name)).toMatchObject({ offset: 3 });
    expect(await all(tables[0])).toEqual([]);
  });
}
