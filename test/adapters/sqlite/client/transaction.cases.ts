import { describe, expect, it } from "vitest";
import { sqliteSink } from "../../../../src/adapters/sqlite.ts";
import {
  countOf,
  databasesOf,
  markedContext,
  plainContext,
  rowsOf,
  type SqliteClient,
} from "../../../support/sqlite/client.ts";

const columns = ["id", "name"];
const keyed = "create table t (id integer primary key, name text)";
const claim = { runId: "one", until: 2000 };

function batchOf(from: number, count: number, name = "x") {
  return Array.from({ length: count }, (_, index) => ({ id: from + index, name }));
}

/** What is left of a transaction that fails: nothing, and the next one works. */
export function testSqliteTransactions(client: SqliteClient): void {
  describe("the transaction of a sqliteSink()", () => {
    const databases = databasesOf(client);

    it("is rolled back when a row fails", () => {
      const db = databases.inMemory(keyed);
      const { load } = sqliteSink(db, { table: "t", columns });
      const rows = [...batchOf(0, 250), { id: 7, name: "again" }];
      expect(() => load(rows, plainContext)).toThrow("UNIQUE constraint failed: t.id");
      expect(countOf(db, "t")).toBe(0);
      load(batchOf(0, 250), plainContext);
      expect(countOf(db, "t")).toBe(250);
    });

    it("is rolled back when the commit fails", () => {
      const db = databases.inMemory(`pragma foreign_keys = on; ${keyed};
        create table child (id integer references t (id) deferrable initially deferred)`);
      const { load } = sqliteSink(db, { table: "child", columns: ["id"] });
      expect(() => load([{ id: 1 }], plainContext)).toThrow("FOREIGN KEY constraint failed");
      expect(countOf(db, "child")).toBe(0);
      db.exec("insert into t values (1, 'a')"); // And with that no transaction is open.
      load([{ id: 1 }], plainContext);
      expect(countOf(db, "child")).toBe(1);
    });

    it("does not end the caller's own transaction", () => {
      const db = databases.inMemory(keyed);
      const { load, checkpoints } = sqliteSink(db, { table: "t", columns });
      db.exec("begin; insert into t values (1, 'mine')");
      const words = "cannot start a transaction within a transaction";
      expect(() => load(batchOf(5, 5), plainContext)).toThrow(words);
      expect(() => checkpoints.claim!("users", claim, 1000)).toThrow(words);
      db.exec("commit");
      expect(rowsOf(db, "select * from t")).toEqual([{ id: 1, name: "mine" }]);
      checkpoints.claim!("users", claim, 1000);
      load(batchOf(5, 5), markedContext([[0, 5]]));
      expect(countOf(db, "t")).toBe(6);
    });

    it.each(["inMemory", "inFile"] as const)("says that the disk is full, %s", (place) => {
      const db = place === "inMemory" ? databases.inMemory() : databases.inFile("full.db");
      db.exec(keyed);
      const { load, checkpoints } = sqliteSink(db, { table: "t", columns });
      checkpoints.claim!("users", claim, 1000);
      load(batchOf(0, 10), markedContext([[0, 10]]));
      db.exec("pragma max_page_count = 20");
      const large = batchOf(10, 100, "x".repeat(5000));
      expect(() => load(large, markedContext([[10, 110]]))).toThrow("database or disk is full");
      expect(countOf(db, "t")).toBe(10);
      expect(checkpoints.read("users")).toMatchObject({ offset: 10, done: [] });
      load(batchOf(10, 10), markedContext([[10, 20]])); // What is small still fits.
      db.exec("pragma max_page_count = 100000");
      load(large.slice(10), markedContext([[20, 110]]));
      expect(countOf(db, "t")).toBe(110);
      expect(checkpoints.read("users")).toMatchObject({ offset: 110, done: [] });
      expect(rowsOf(db, "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
    });

    it.each(["delete", "wal"])("says that another holds the lock, journal_mode %s", (mode) => {
      const db = databases.inFile("shop.db", `pragma journal_mode = ${mode}; ${keyed}`);
      const other = databases.inFile("shop.db");
      const { load, checkpoints, deadLetters } = sqliteSink(db, { table: "t", columns });
      other.exec("begin immediate");
      expect(() => load(batchOf(0, 5), plainContext)).toThrow("database is locked");
      expect(() => checkpoints.claim!("users", claim, 1000)).toThrow("database is locked");
      expect(() => checkpoints.read("users")).toThrow("database is locked");
      const letters = deadLetters();
      other.exec("commit");
      checkpoints.claim!("users", claim, 1000);
      other.exec("begin immediate");
      expect(() => load(batchOf(0, 5), markedContext([[0, 5]]))).toThrow("database is locked");
      other.exec("rollback");
      load(batchOf(0, 5), markedContext([[0, 5]]));
      expect(countOf(other, "t")).toBe(5);
      expect(letters.locked).toBe(false);
    });

    it("says that a reader blocks the commit, and is then over", () => {
      const db = databases.inFile("shop.db", `pragma journal_mode = delete; ${keyed}`);
      const other = databases.inFile("shop.db");
      const { load } = sqliteSink(db, { table: "t", columns });
      other.exec("begin; select * from t");
      rowsOf(other, "select * from t"); // The reader has its lock now.
      expect(() => load(batchOf(0, 5), plainContext)).toThrow("database is locked");
      expect(() => load(batchOf(0, 5), plainContext)).toThrow("database is locked");
      other.exec("commit");
      load(batchOf(0, 5), plainContext);
      expect(countOf(other, "t")).toBe(5);
    });
  });
}
