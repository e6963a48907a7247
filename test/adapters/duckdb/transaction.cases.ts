import { describe, expect, it } from "vitest";
import { duckdbSink, type DuckdbTransaction, tombstone } from "../../../src/adapters/duckdb.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import { etl } from "../../../src/etl/etl.ts";
import { connectionsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";

const schema = [
  "create table t (id integer primary key, name varchar)",
  "create table log (n bigint)",
];

/** What a function writes in the transaction of the mark. */
export function testDuckdbWrites(): void {
  describe("write", () => {
    const connections = connectionsOf();
    type Connection = Awaited<ReturnType<typeof connections.open>>;
    const namesIn = async (connection: Connection) =>
      (await textsOf(connection, "select name from t order by id")).map(([name]) => name);

    it("writes rows and runs statements, one after the other and with the mark", async () => {
      const connection = await connections.open(...schema);
      const { load, checkpoints } = duckdbSink(connection, {
        async write(tx, rows: readonly { id: number; name: string }[]) {
          await tx.insert("t", rows, { conflict: "replace" });
          await Promise.all([
            tx.insert("t", [tombstone({ id: 1 })], { conflict: "replace" }),
            tx.insert("log", [{ n: 1 }, { n: 2, more: 1 }], { unknown: "drop" }),
          ]);
          const [row] = await tx.query("select sum(id)::bigint as sum from t where id > $1", [0]);
          await tx.query("insert into log values ($1)", [row!["sum"]]);
        },
      });
      const extract = () => [{ id: 1, name: "a" }, { id: 2, name: "b" }, { id: 3, name: "c" }];
      const run = await etl({ name: "t", extract, load }).run({ checkpoints, batchSize: 2 });
      expect([run.guarantee, run.drift]).toEqual(["effectively-once", { "log.more": 2 }]);
      expect(run.tables).toMatchObject({ t: { written: 3, deleted: 1 }, log: { inserted: 4 } });
      expect(await namesIn(connection)).toEqual(["b", "c"]);
      expect(await textsOf(connection, "select n from log where n > 2")).toEqual([["5"]]);
      expect(await checkpoints.read("t")).toMatchObject({ offset: 3 });
    });

    it.each<[string, (tx: DuckdbTransaction) => unknown, string]>([
      ["fails", () => Promise.reject(new Error("own")), "own"],
      [
        "has caught a failure",
        (tx) => tx.insert("t", [{ id: 7 }]).catch(() => {}),
        "uplicate key",
      ],
      [
        "has caught the failure of a statement",
        (tx) => tx.query("from nowhere").catch(() => {}),
        "nowhere",
      ],
      [
        "leaves a statement",
        (tx) => void tx.query("select 1"),
        "must wait for all",
      ],
      [ // The runner fails for an unhandled rejection.
        "leaves statements",
        (tx) => (void tx.query("select 1"), void tx.insert("t", [{ id: 8 }])),
        "must wait for all",
      ],
      ["leaves a statement that fails", (tx) => void tx.query("from nowhere"), "must wait"],
      [
        "gives a row",
        (tx) => tx.insert("t", [{ id: 1 }, { id: true }]),
        'row of table "t" as column "id"',
      ],
      ["gives a table", (tx) => tx.insert("no", [{ id: 1 }]), "'table' must be an existing table"],
      ["commits", (tx) => tx.query(" COMMIT"), "that does not begin or end a transaction"],
    ])("writes nothing where it %s that does not fit", async (_, use, words) => {
      const connection = await connections.open(...schema);
      let isRight = false;
      const { load } = duckdbSink(connection, {
        async write(tx) {
          await tx.insert("t", [{ id: 7 }]);
          if (!isRight) await use(tx);
        },
      });
      await expect(load([{ id: 1 }], plainContext)).rejects.toThrow(words);
      expect(await namesIn(connection)).toEqual([]);
      isRight = true;
      await load([{ id: 1 }], plainContext);
      expect(await namesIn(connection)).toEqual([null]);
    });

    it("is rolled back when the signal aborts, and refuses what comes late", async () => {
      const connection = await connections.open(...schema);
      const stop = new AbortController();
      let late: DuckdbTransaction | undefined;
      const { load } = duckdbSink(connection, {
        async write(tx, rows) {
          late = tx;
          await tx.insert("t", rows);
          stop.abort(new Error("stop"));
          await new Promise<void>(() => {});
        },
      });
      const loading = load([{ id: 1 }], { ...plainContext, signal: stop.signal });
      await expect(loading).rejects.toThrow("stop");
      expect(await namesIn(connection)).toEqual([]);
      const words = "Cannot use a transaction as 'tx' must be used before 'write' has ended";
      await expect(late!.query("select 1")).rejects.toThrow(words);
    });

    it("is called again where another connection was faster", async () => {
      const [connection, other] = await connections.openTwo(
        ...schema,
        "insert into log values (0)",
      );
      let calls = 0;
      const { load, checkpoints } = duckdbSink(connection, {
        async write(tx, rows) {
          await tx.insert("t", rows, { unknown: "add" });
          if (calls++ === 0) await other.run("update log set n = 1");
          await tx.query("update log set n = n + 10");
        },
      });
      const extract = () => [{ id: 1, nick: "x" }];
      const run = await etl({ name: "t", extract, load }).run({ checkpoints });
      expect([calls, run.drift, run.tables]).toEqual([2, { "t.nick": 1 }, { t: { inserted: 1 } }]);
      expect(await textsOf(connection, "from log")).toEqual([["11"]]);
    });

    it.each<[object, string]>([
      [{ write: 5 }, "'write' must be a function: current value is 5"],
      [{ table: "t", write: () => {} }, "'write' must be omitted beside 'table'"],
      [{ table: "t", tables: { t: {} } }, "'tables' must be omitted beside 'table'"],
      [{ tables: {} }, "'tables' must be an object of at least one table"],
      [{ tables: { t: { key: ["id"] } } }, `'key' must be omitted if 'conflict' is "error"`],
      [{ tables: { t: { colums: 1 } } }, "'tables.t.colums' must be a known option"],
      [{ tables: { t: {}, T: {} } }, "'tables' must be an object that has each table once"],
      [{ tables: { t: {} }, columns: ["id"] }, "'columns' must be a known option"],
    ])("and its neighbours refuse %j", async (options, words) => {
      const connection = await connections.open();
      const make = () => Reflect.apply(duckdbSink, undefined, [connection, options]);
      expect(make).toThrow(ConfigurationError);
      expect(make).toThrow(words);
    });
  });
}
