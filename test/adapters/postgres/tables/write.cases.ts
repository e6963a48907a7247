import { expect, it } from "vitest";
import { ConfigurationError } from "../../../../src/errors.ts";
import { postgresSink, type PostgresTransaction } from "../../../../src/adapters/postgres.ts";
import type { DeadLetter } from "../../../../src/dead-letters/dead-letter.ts";
import { etl } from "../../../../src/etl/etl.ts";
import { type Bench, contextOf } from "../../../support/postgres/cases.ts";

interface Item {
  readonly id: number;
  readonly v: unknown;
}

/** Defines the tests of a function that writes batches. */
export function testPostgresWrites({ tested, create, all }: Bench): void {
  const items = (...ids: number[]): Item[] => ids.map((id) => ({ id, v: `v${id}` }));

  it("writes by any statements, in one commit with the mark", async () => {
    const table = await create("id int primary key, v text");
    const total = await create("n int, tag text");
    await tested().run(`insert into ${total} values (0, 'all')`);
    let fails = true;
    const sink = postgresSink(tested().client, {
      write: async (tx, rows: readonly Item[], { batch }) => {
        await tx.insert(table, rows, { conflict: "replace" });
        const found = await tx.query(
          `update ${total} set n = n + $1 where tag = $2 returning n`,
          [rows.length, "all"],
        );
        expect(found).toHaveLength(1);
        if (fails && batch.sequence === 1) throw new Error("half-way");
      },
    });
    const pipeline = etl({
      name: `write ${table}`,
      extract: () => items(1, 2, 3, 4, 5),
      load: sink.load,
    });
    const options = { batchSize: 2, checkpoints: sink.checkpoints };
    await expect(pipeline.run(options)).rejects.toThrow("half-way");
    expect(await all(total)).toEqual([{ n: 2, tag: "all" }]);
    fails = false;
    await pipeline.run(options);
    expect(await all(total)).toEqual([{ n: 5, tag: "all" }]);
    expect(await all(table)).toEqual(items(1, 2, 3, 4, 5));
  });

  it("names the items whose rows were refused, and finds those whose rows it does not know", async () => {
    const table = await create("id int primary key, v text");
    const names: string[] = [];
    for (const makes of [false, true]) {
      const { load } = postgresSink(tested().client, {
        write: (tx, rows: readonly Item[]) =>
          tx.insert(table, makes ? rows.map(({ id, v }) => ({ id: id + 10, v })) : rows),
      });
      const letters: DeadLetter[] = [];
      const deadLetters = new WritableStream<DeadLetter>({
        write: (letter) => void letters.push(letter),
      });
      const extract = () => [...items(1, 2), { id: 3, v: 3 }, ...items(4)];
      const report = await etl({ name: "some", extract, load }).run({ batchSize: 4, deadLetters });
      expect(report).toMatchObject({ loaded: 3, deadLettered: 1 });
      names.push(...letters.map(({ offset }) => String(offset)));
    }
    expect(names).toEqual(["2", "2"]);
    expect((await all(table)).map(({ id }) => id)).toEqual([1, 2, 4, 11, 12, 14]);
  });

  it("commits nothing where the failure of a statement was caught, or one is still running", async () => {
    const table = await create("id int primary key, v text");
    let work = async (tx: PostgresTransaction, rows: readonly object[]): Promise<void> => {
      await tx.insert(table, rows);
      await tx.query("select nothing").catch(() => {});
    };
    const { load } = postgresSink(tested().client, { write: (tx, rows) => work(tx, rows) });
    await expect(load(items(1), contextOf())).rejects.toThrow("nothing");
    work = async (tx, rows) => void tx.insert(table, rows);
    await expect(load(items(1), contextOf())).rejects.toThrow("must wait for all");
    expect(await all(table)).toEqual([]);
  });

  it("refuses a late use, and options that are wrong", async () => {
    const table = await create("id int primary key, v text");
    let kept!: PostgresTransaction;
    const { load } = postgresSink(tested().client, { write: (tx) => void (kept = tx) });
    await load(items(1), contextOf());
    await expect(kept.insert(table, items(1))).rejects.toThrow("its transaction is over");
    await expect(kept.query("select 1")).rejects.toThrow("its transaction is over");
    const wrong = postgresSink(tested().client, {
      write: (tx, rows) => tx.insert(table, rows, { key: ["id"] }),
    });
    await expect(wrong.load(items(1), contextOf())).rejects.toBeInstanceOf(ConfigurationError);
    const both = { write: () => {}, table } as unknown as { table: string };
    expect(() => postgresSink(tested().client, both)).toThrow(/'table' must be omitted/);
    expect(await all(table)).toEqual([]);
  });
}
