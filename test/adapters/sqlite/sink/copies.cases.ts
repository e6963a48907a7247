import { describe, expect, it } from "vitest";
import { type SqliteSink, sqliteSink } from "../../../../src/adapters/sqlite.ts";
import { ConfigurationError } from "../../../../src/errors.ts";
import { etl } from "../../../../src/etl/etl.ts";
import type { LoadContext } from "../../../../src/pipeline/pipeline.ts";
import { commitsTo } from "../../../../src/checkpoints/checkpoint.ts";
import { databasesOf, rowsOf, type SqliteClient } from "../../../support/sqlite/client.ts";

interface Row {
  readonly id: number;
}
type Load = (rows: Row[], context: LoadContext) => unknown;

const rows: Row[] = Array.from({ length: 9 }, (_, id) => ({ id }));

/** A context with copies of what a load was told. */
const copies: Record<string, (context: LoadContext) => LoadContext> = {
  "by structuredClone": (context) => ({ ...context, batch: structuredClone(context.batch) }),
  "by JSON": (context) => ({ ...context, batch: JSON.parse(JSON.stringify(context.batch)) }),
  "of the ranges alone": ({ batch, ...context }) => ({
    ...{ ...context, batch: { ...batch, ranges: [...batch.ranges!] } },
  }),
  "that are frozen": ({ batch, ...context }) =>
    Object.freeze({ ...context, batch: Object.freeze(structuredClone(batch)) }),
};

/** Two uses of sinks in one load, each of which is told a copy, or one of them. */
const uses: Record<
  string,
  (a: SqliteSink, b: SqliteSink, copy: (of: LoadContext) => LoadContext) => Load
> = {
  "both sinks": (a, b, copy) => (rows, context) => {
    a.load(rows, copy(context));
    b.load(rows, copy(context));
  },
  "both sinks, in the other order": (a, b, copy) => (rows, context) => {
    b.load(rows, copy(context));
    a.load(rows, copy(context));
  },
  "the second sink": (a, b, copy) => (rows, context) => {
    a.load(rows, context);
    b.load(rows, copy(context));
  },
  "the second sink within the first": (a, b, copy) =>
    a.wrap((rows: Row[], context, load) => {
      load(rows);
      b.load(rows, copy(context));
    }),
  "the second sink, after a mark": (a, b, copy) =>
    Object.assign((rows: Row[], context: LoadContext) => {
      b.load(rows, context);
      a.load(rows, copy(context));
    }, { [commitsTo]: a.checkpoints }),
  "one sink for each row": (a, _, copy) => (rows, context) => {
    for (const row of rows) a.load([row], copy(context));
  },
};

/** What becomes of rows where sinks are told copies of what a load was told. */
export function testSqliteCopies(client: SqliteClient): void {
  describe("copies of the context of a load", () => {
    const databases = databasesOf(client);
    for (const [copied, copy] of Object.entries(copies)) {
      for (const [used, use] of Object.entries(uses)) {
        it(`${copied}, passed to ${used}, are rejected; the next run loads all`, async () => {
          const db = databases.inMemory("create table a (id integer); create table b (id integer)");
          const [a, b] = [sqliteSink(db, { table: "a" }), sqliteSink(db, { table: "b" })];
          const { checkpoints } = a;
          const options = { batchSize: 2, workers: 2, checkpoints };
          const run = etl({ name: "rows", extract: () => rows, load: use(a, b, copy) }).run(
            options,
          );
          await expect(run).rejects.toThrow(/'batch.ranges'.*'tables' or 'write'/);
          await expect(run).rejects.toMatchObject({ cause: expect.any(ConfigurationError) });
          await etl({ name: "rows", extract: () => rows, load: a.load }).run(options);
          expect(rowsOf(db, "select distinct id from a order by id")).toEqual(rows);
        });
      }
    }

    it("leave no row out if batches were marked before a second use is rejected", async () => {
      const db = databases.inMemory("create table a (id integer); create table b (id integer)");
      const [a, b] = [sqliteSink(db, { table: "a" }), sqliteSink(db, { table: "b" })];
      const { checkpoints } = a;
      const load = Object.assign(async (rows: Row[], context: LoadContext) => {
        a.load(rows, context);
        await undefined; // So that all workers come to this.
        b.load(rows, context);
      }, { [commitsTo]: checkpoints });
      const position = ({ id }: Row) => id;
      const options = { batchSize: 2, workers: 4, checkpoints, position };
      const run = etl({ name: "rows", extract: () => rows, load }).run(options);
      await expect(run).rejects.toThrow("sink.wrap");
      const stored = await checkpoints.read("rows");
      expect([stored?.offset, stored?.position]).toEqual([0, undefined]);
      db.exec("delete from a");
      await etl({ name: "rows", extract: () => rows, load: a.load }).run(options);
      expect(rowsOf(db, "select id from a order by id")).toEqual(rows);
    });
  });
}
