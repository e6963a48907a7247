import { describe, expect, it } from "vitest";
import { sqliteSink, type SqliteTransaction, tombstone } from "../../../src/adapters/sqlite.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import { etl } from "../../../src/etl/etl.ts";
import {
  databasesOf,
  markedContext,
  plainContext,
  rowsOf,
  type SqliteClient,
} from "../../support/sqlite/client.ts";

const schema = "create table t (id integer primary key, name text); create table log (n)";

/** What a function writes in the transaction of the mark. */
export function testSqliteWrites(client: SqliteClient): void {
  describe("sqliteSink(): write", () => {
    const databases = databasesOf(client);
    const namesIn = (db: ReturnType<typeof databases.inMemory>) =>
      rowsOf(db, "select name from t order by id").map((row) => (row as { name: string }).name);

    it("writes rows and runs statements, at once and with the mark", async () => {
      const db = databases.inMemory(schema);
      const sink = sqliteSink(db, {
        write(tx, rows: readonly { id: number; name: string }[]) {
          tx.insert("t", rows, { conflict: "replace" });
          tx.insert("t", [tombstone({ id: 1 })], { conflict: "replace" });
          const [{ sum }] = tx.query("select sum(id) as sum from t") as [{ sum: bigint }];
          expect(tx.query("insert into log values (?)", [sum])).toEqual([]);
        },
      });
      expect(sink.load([{ id: 1, name: "a" }, { id: 2, name: "b" }], plainContext)).toBeUndefined();
      expect(namesIn(db)).toEqual(["b"]);
      const extract = () => [{ id: 3, name: "c" }];
      const { checkpoints } = sink;
      await etl({ name: "t", extract, load: sink.load }).run({ checkpoints });
      expect(rowsOf(db, "select cast(n as text) as n from log")).toEqual([{ n: "2" }, { n: "5" }]);
      expect(checkpoints.read("t")).toMatchObject({ offset: 1 });
    });

    it("holds the transaction while a promise is open, and other work of the sink waits", async () => {
      const db = databases.inMemory(schema);
      const gate = Promise.withResolvers<void>();
      const sink = sqliteSink(db, {
        async write(tx, rows: readonly { id: number }[]) {
          tx.insert("t", rows);
          if (rows[0]!.id === 1) await gate.promise;
          tx.query("update t set name = 'end' where id = ?", [rows[0]!.id]);
        },
      });
      await sink.checkpoints.claim!("users", { runId: "one", until: 2000 }, 1000);
      const done: string[] = [];
      const first = Promise.resolve(sink.load([{ id: 1 }], markedContext([[0, 1]])))
        .then(() => done.push("first"));
      const read = Promise.resolve(sink.checkpoints.read("users")).then((checkpoint) => {
        done.push("read");
        return checkpoint;
      });
      const second = Promise.resolve(sink.load([{ id: 2 }], markedContext([[1, 2]])))
        .then(() => done.push("second"));
      gate.resolve();
      await Promise.all([first, second]);
      expect((await read)!.offset).toBe(1);
      expect(done.indexOf("first")).toBeLessThan(done.indexOf("second"));
      expect(namesIn(db)).toEqual(["end", "end"]);
      expect(sink.checkpoints.read("users")).toMatchObject({ offset: 2 });
    });

    it.each([false, true])(
      "writes nothing if it fails, and passes the error on (async: %s)",
      async (isAsync) => {
        const db = databases.inMemory(schema);
        let error: Error | undefined = new Error("no");
        const sink = sqliteSink(db, {
          write(tx, rows: readonly { id: number }[]) {
            tx.insert("t", rows);
            if (error === undefined) return;
            if (isAsync) return Promise.reject(error);
            throw error;
          },
        });
        await sink.checkpoints.claim!("users", { runId: "one", until: 2000 }, 1000);
        const load = async () => await sink.load([{ id: 1 }], markedContext([[0, 1]]));
        await expect(load()).rejects.toBe(error);
        expect(namesIn(db)).toEqual([]);
        error = undefined;
        await load();
        expect(namesIn(db)).toEqual([null]);
      },
    );

    it("is rolled back when the signal aborts, and refuses what comes late", async () => {
      const db = databases.inMemory(schema);
      const stop = new AbortController();
      let late: SqliteTransaction | undefined;
      const { load } = sqliteSink(db, {
        write(tx, rows: readonly { id: number }[]) {
          late = tx;
          tx.insert("t", rows);
          return new Promise<void>(() => {});
        },
      });
      const loading = load([{ id: 1 }], { ...plainContext, signal: stop.signal });
      stop.abort(new Error("stop"));
      await expect(loading).rejects.toThrow("stop");
      expect(namesIn(db)).toEqual([]);
      expect(() => late!.query("select 1")).toThrow("stop");
    });

    it("refuses a late use in words", () => {
      const db = databases.inMemory(schema);
      let late: SqliteTransaction | undefined;
      sqliteSink(db, { write: (tx) => void (late = tx) }).load([{ id: 1 }], plainContext);
      const words = "Cannot use a transaction as 'tx' must be used before 'write' has ended";
      expect(() => late!.insert("t", [{ id: 1 }])).toThrow(words);
      expect(() => late!.query("select 1")).toThrow(words);
    });

    it.each<[string, (tx: SqliteTransaction) => unknown, string]>([
      [
        "a row",
        (tx) => tx.insert("t", [{ id: 1 }, { id: true }]),
        `row of table "t" as column "id"`,
      ],
      ["a table", (tx) => tx.insert("no", [{ id: 1 }]), `'table' must be an existing table`],
      ["a value", (tx) => tx.query("select ?", [true]), `'values[0]' must be a value that SQLite`],
      ["a commit", (tx) => tx.query(" COMMIT"), `that does not begin or end a transaction`],
    ])("refuses %s that does not fit, and writes nothing", (_, use, words) => {
      const db = databases.inMemory(schema);
      const { load } = sqliteSink(db, {
        write(tx) {
          tx.insert("t", [{ id: 7 }]);
          use(tx);
        },
      });
      expect(() => load([{ id: 1 }], plainContext)).toThrow(words);
      expect(namesIn(db)).toEqual([]);
    });

    it("counts what tables left out, by table and property", async () => {
      const db = databases.inMemory(schema);
      const { load } = sqliteSink(db, {
        write: (tx, rows) => tx.insert("t", rows, { unknown: "drop" }),
      });
      const report = await etl({ name: "t", extract: () => [{ id: 1, nick: "x" }], load }).run();
      expect(report.drift).toEqual({ "t.nick": 1 });
    });

    it.each<[object, string]>([
      [{ write: 5 }, "'write' must be a function: current value is 5"],
      [{ table: "t", write: () => {} }, "'write' must be omitted beside 'table'"],
      [{ table: "t", tables: { t: {} } }, "'tables' must be omitted beside 'table'"],
      [{ tables: {} }, "'tables' must be an object of at least one table"],
      [{ tables: { t: { key: ["id"] } } }, `'key' must be omitted if 'conflict' is "error"`],
      [{ tables: { t: { colums: 1 } } }, "'tables.t.colums' must be a known option"],
      [{ tables: { t: {}, T: {} } }, "'tables' must be an object that has each table once"],
      [
        { tables: { t: { parent: { table: "u", on: { a: "b" } } } } },
        "'tables.t.parent.table' must",
      ],
      [{ tables: { t: {} }, columns: ["id"] }, "'columns' must be a known option"],
    ])("and its neighbours refuse %j", (options, words) => {
      const make = () => Reflect.apply(sqliteSink, undefined, [databases.inMemory(), options]);
      expect(make).toThrow(ConfigurationError);
      expect(make).toThrow(words);
    });
  });
}
