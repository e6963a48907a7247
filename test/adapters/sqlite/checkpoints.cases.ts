import { describe, expect, it } from "vitest";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import { CheckpointError, ConfigurationError, FencedError } from "../../../src/errors.ts";
import { commitsTo } from "../../../src/checkpoints/checkpoint.ts";
import { outcomeOfCall } from "../../support/outcomes/outcome-of-call.ts";
import {
  countOf,
  databasesOf,
  markedContext,
  rowsOf,
  type SqliteClient,
} from "../../support/sqlite/client.ts";

const options = { table: "t", columns: ["id"] };
const keyed = "create table t (id integer primary key)";
const unkeyed = "create table t (id integer)"; // What is loaded twice is there twice.
const one = { runId: "one", until: 2000 };
const two = { runId: "two", until: 3000 };

const rows = (...ids: number[]) => ids.map((id) => ({ id }));

/** Checkpoints are one with the rows. */
export function testSqliteCheckpoints(client: SqliteClient): void {
  describe("checkpoints and rows in one database of SQLite", () => {
    const databases = databasesOf(client);

    const claimed = (db = databases.inMemory(unkeyed)) => {
      const sink = sqliteSink(db, options);
      sink.checkpoints.claim!("users", one, 1000);
      return { db, ...sink, store: sink.checkpoints as Required<typeof sink.checkpoints> };
    };

    it("are read once nobody else can write", () => {
      const db = databases.inFile("lock.db", `pragma journal_mode = wal; ${keyed}`);
      const other = databases.inFile("lock.db");
      const seen: unknown[] = [];
      const watched: typeof db = {
        exec: (sql) => db.exec(sql),
        close: () => {},
        prepare: (sql) => {
          const statement = db.prepare(sql);
          const [get, run, all] = [statement.get, statement.run, statement.all];
          return {
            ...{ run: run.bind(statement), all: all.bind(statement) },
            get: (...values) => {
              seen.push(outcomeOfCall(() => other.exec("begin immediate")).error);
              return get.apply(statement, values);
            },
          };
        },
      };
      claimed(watched).load(rows(1), markedContext([[0, 1]]));
      const locked = expect.objectContaining({ message: "database is locked" });
      expect(seen).toEqual([locked, locked]);
    });

    it("are declared to belong together", () => {
      const sink = sqliteSink(databases.inMemory(), options);
      expect(sink.load[commitsTo]).toBe(sink.checkpoints);
    });

    it("need no table before they are used", () => {
      const { load } = sqliteSink(databases.inMemory(keyed), options);
      const db = databases.inMemory(keyed);
      sqliteSink(db, options).load(rows(1), { runId: "one", batch: { attempt: 1 } });
      expect(rowsOf(db, "select name from sqlite_master")).toEqual([{ name: "t" }]);
      expect(load).toBeTypeOf("function");
    });

    it("are written together, in any order of batches", () => {
      const { db, load, store } = claimed();
      load(rows(5, 6), markedContext([[4, 6, "b"]]));
      expect(store.read("users")).toMatchObject({ offset: 0, done: [[4, 6, "b"]], runId: "one" });
      load(rows(1, 2), markedContext([[0, 1], [1, 2, "a"]]));
      expect(store.read("users")).toMatchObject({
        ...{ offset: 2, position: "a", done: [[4, 6, "b"]] },
      });
      load(rows(3, 4), markedContext([[2, 4, "c"]]));
      expect(store.read("users")).toMatchObject({ offset: 6, position: "b", done: [] });
      expect(countOf(db, "t")).toBe(6);
    });

    it("are rolled back together", () => {
      const { db, load, store } = claimed(databases.inMemory(keyed));
      load(rows(1), markedContext([[0, 1]]));
      expect(() => load(rows(2, 1), markedContext([[1, 3]]))).toThrow("UNIQUE");
      expect(store.read("users")).toMatchObject({ offset: 1, done: [] });
      expect(rowsOf(db, "select id from t")).toEqual(rows(1));
    });

    it("accept ids that no number can hold", async () => {
      const { db, load, store, deadLetters } = claimed(databases.inMemory(keyed));
      const id = 2n ** 60n + 1n;
      load([{ id }], markedContext([[0, 1]]));
      load([{ id: -id }], markedContext([[1, 2]]));
      store.claim("users", { runId: "one", until: 5000 }, 1000);
      store.release("users", "one");
      const letter = { item: 1, error: 1, stage: "load", attempts: 1, offset: 1, at: 1 } as const;
      await deadLetters().getWriter().write({ ...letter, pipeline: "p", runId: "one" });
      expect(store.read("users")).toMatchObject({ offset: 2 });
      expect(countOf(db, `t where id = ${id} or id = ${-id}`)).toBe(2);
    });

    it("are seen by another connection at once or not at all", () => {
      const { load } = claimed(databases.inFile("a.db", `pragma journal_mode = wal; ${unkeyed}`));
      const other = databases.inFile("a.db");
      load(rows(1, 2), markedContext([[0, 2]]));
      const [{ checkpoint }] = rowsOf(other, "select checkpoint from millrace_checkpoint") as [
        { checkpoint: string },
      ];
      expect(JSON.parse(checkpoint)).toMatchObject({ offset: 2, runId: "one" });
      expect(countOf(other, "t")).toBe(2);
    });

    it.each([1, 2])(
      "do not load again what an earlier attempt committed, attempt %i",
      (attempt) => {
        const { db, load, store } = claimed();
        load(rows(1, 2), markedContext([[3, 5]]));
        const before = store.read("users");
        load(rows(1, 2), markedContext([[3, 5]], { attempt }));
        expect(countOf(db, "t")).toBe(2);
        expect(store.read("users")).toEqual(before);
        load(rows(1, 2, 3), markedContext([[3, 5], [5, 6]], { attempt })); // Not all of it is done.
        expect(countOf(db, "t")).toBe(5);
      },
    );

    it("do not load again what an earlier run committed", () => {
      const { db, load } = claimed();
      load(rows(1, 2), markedContext([[0, 2]]));
      const next = sqliteSink(db, options);
      next.checkpoints.claim!("users", two, one.until);
      next.load(rows(1, 2), markedContext([[0, 2]], { runId: "two" }));
      expect(countOf(db, "t")).toBe(2);
    });

    it("write rows that complete nothing", () => {
      const { db, load } = claimed();
      load(rows(1, 2), markedContext([]));
      expect(countOf(db, "t")).toBe(2);
    });

    it("fence a run that another one has taken over from, and write none of its rows", () => {
      const db = databases.inFile("b.db", unkeyed);
      const { load, store } = claimed(db);
      load(rows(1), markedContext([[0, 1]]));
      const other = sqliteSink(databases.inFile("b.db"), options);
      other.checkpoints.claim!("users", two, one.until);
      const fenced = new FencedError("users", "two");
      expect(() => load(rows(2), markedContext([[1, 2]]))).toThrow(fenced);
      expect(() => load(rows(2), markedContext([[0, 1]]))).toThrow(fenced); // Nor what is done.
      expect(() => store.write("users", { offset: 9, done: [], updatedAt: 1, runId: "one" }))
        .toThrow(fenced);
      expect(countOf(db, "t")).toBe(1);
      other.load(rows(2), markedContext([[1, 2]], { runId: "two" }));
      other.checkpoints.release!("users", "two");
      expect(() => load(rows(3), markedContext([[2, 3]]))).toThrow(new FencedError("users"));
      expect(countOf(db, "t")).toBe(2);
      expect(store.read("users")).toMatchObject({ offset: 2, runId: "two" });
    });

    it("fence a run that has its key back after another one has finished something", () => {
      const db = databases.inFile("c.db", unkeyed);
      const { load } = claimed(db);
      const other = sqliteSink(databases.inFile("c.db"), options);
      other.checkpoints.claim!("users", two, one.until);
      other.load(rows(1), markedContext([[0, 1]], { runId: "two" }));
      other.checkpoints.release!("users", "two");
      const again = claimed(db);
      const fenced = new FencedError("users", "two");
      expect(() => load(rows(5), markedContext([[4, 5]]))).toThrow(fenced);
      expect(() => again.load(rows(1), markedContext([[0, 2]]))).toThrow(fenced);
      again.load(rows(5), markedContext([[4, 5]])); // It has begun from there.
      expect(countOf(db, "t")).toBe(2);
    });

    it("fence a run that began from another one which has come back and continued", () => {
      const { db, load, store } = claimed();
      load(rows(1), markedContext([[0, 1]]));
      const other = sqliteSink(db, options);
      other.checkpoints.claim!("users", two, one.until);
      store.claim("users", { runId: "one", until: 4000 }, two.until);
      load(rows(2), markedContext([[1, 2]]));
      store.release("users", "one");
      other.checkpoints.claim!("users", { runId: "two", until: 5000 }, 4000);
      const loading = (id: number) => () =>
        other.load(rows(id), markedContext([[id, id + 1]], { runId: "two" }));
      expect(loading(4)).toThrow(new FencedError("users", "one"));
      loading(1)(); // It is loaded.
      expect(countOf(db, "t")).toBe(2);
      const late = { offset: 1, done: [], updatedAt: 1, runId: "two" };
      expect(() => other.checkpoints.write("users", late))
        .toThrow(new FencedError("users", "one"));
    });

    it("may be repaired by hand if they cannot be read", () => {
      const { db, store } = claimed();
      store.write("users", { offset: 1, done: [], updatedAt: 1, runId: "one" });
      store.release("users", "one");
      db.exec("update millrace_checkpoint set checkpoint = 'broken'");
      const good = { offset: 2, done: [], updatedAt: 1 };
      expect(() => store.write("users", { ...good, runId: "two" })).toThrow(CheckpointError);
      store.write("users", good);
      expect(store.read("users")).toEqual(good);
    });

    it("reject a run whose checkpoints are in another store", () => {
      const db = databases.inMemory(unkeyed);
      const sentence = "Cannot load rows as 'checkpoints' must be those of the sink: " +
        'current value is "another store"';
      expect(() => sqliteSink(db, options).load(rows(1), markedContext([[0, 1]])))
        .toThrow(new ConfigurationError(sentence));
      expect(countOf(db, "t")).toBe(0);
    });

    it("keep what a load has committed when the run writes what it knows", () => {
      const { load, store } = claimed();
      load(rows(1), markedContext([[0, 2, "a"]]));
      load(rows(1), markedContext([[6, 8, "d"]]));
      const written = { offset: 1, done: [[3, 4, "b"]], updatedAt: 7, runId: "one" } as const;
      store.write("users", written);
      const merged = { offset: 2, position: "a", done: [[3, 4, "b"], [6, 8, "d"]], updatedAt: 7 };
      expect(store.read("users")).toEqual({ ...merged, runId: "one" });
      store.write("users", { offset: 5, done: [], updatedAt: 8, runId: "one" });
      expect(store.read("users")).toMatchObject({ offset: 5, done: [[6, 8, "d"]], updatedAt: 8 });
    });

    it("keep it too when another sink of the database writes it", () => {
      const { db, load, store } = claimed();
      load(rows(1), markedContext([[4, 8]]));
      const other = sqliteSink(db, options).checkpoints;
      other.write("users", { offset: 1, done: [], updatedAt: 7, runId: "one" });
      expect(store.read("users")).toMatchObject({ offset: 1, done: [[4, 8]] });
    });

    it("do not write again what the loads of the run have committed", () => {
      const { db, load, store } = claimed();
      load(rows(1), markedContext([[0, 2], [4, 5]]));
      const stored = store.read("users");
      db.exec("begin"); // Any use of the database would fail now.
      store.write("users", { offset: 2, done: [[4, 5]], updatedAt: 9, runId: "one" });
      db.exec("rollback");
      expect(store.read("users")).toEqual(stored);
    });

    it("can be set back once the run is over", () => {
      const { load, store } = claimed();
      load(rows(1), markedContext([[0, 9]]));
      store.release("users", "one");
      store.write("users", { offset: 5, done: [], updatedAt: 1 });
      expect(store.read("users")).toEqual({ offset: 5, done: [], updatedAt: 1 });
      store.claim("users", { runId: "one", until: 9000 }, 8000); // By a run of the same name, even.
      store.write("users", { offset: 6, done: [], updatedAt: 1, runId: "one" });
      expect(store.read("users")).toMatchObject({ offset: 6 });
    });

    it.each([
      ["no JSON", "it is not JSON"],
      ['{"offset":-1,"done":[],"updatedAt":0}', "'offset' is not a non-negative integer"],
    ])("fail a load and a read if they are damaged: %s", (text, reason) => {
      const { db, load, store } = claimed();
      db.prepare("update millrace_checkpoint set checkpoint = ?").run(text);
      const error = new CheckpointError("users", reason);
      expect(() => store.read("users")).toThrow(error);
      expect(() => load(rows(1), markedContext([[0, 1]]))).toThrow(error);
      expect(countOf(db, "t")).toBe(0);
    });

    it("create their table again if it was rolled back", () => {
      const db = databases.inMemory(keyed);
      const { load, checkpoints } = sqliteSink(db, options);
      expect(() => load(rows(1), markedContext([[0, 1]]))).toThrow("'checkpoints'");
      expect(rowsOf(db, "select name from sqlite_master")).toEqual([{ name: "t" }]);
      checkpoints.claim!("users", one, 1000);
      load(rows(1), markedContext([[0, 1]]));
      expect(countOf(db, "t")).toBe(1);
    });
  });
}
