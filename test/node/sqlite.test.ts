import { DatabaseSync } from "node:sqlite";
import BetterSqlite from "better-sqlite3";
import { expect, it } from "vitest";
import { sqliteSink, sqliteSource } from "../../src/adapters/sqlite.ts";
import { testSqlite } from "../support/sqlite/cases.ts";
import { markedContext } from "../support/sqlite/client.ts";

testSqlite({ name: "node:sqlite", open: (path) => new DatabaseSync(path) });
testSqlite({ name: "better-sqlite3", open: (path) => new BetterSqlite(path, { timeout: 0 }) });

it("sqliteSink() works with a database that returns bigints and arrays", () => {
  const db = new DatabaseSync(":memory:", { readBigInts: true, returnArrays: true });
  db.exec("create table t (id integer primary key, name text)");
  const sink = sqliteSink(db, { table: "t", columns: ["id", "name"], conflict: "replace" });
  sink.checkpoints.claim!("users", { runId: "one", until: 2000.5 }, 1000);
  sink.load([{ id: 1, name: "a" }], markedContext([[0, 1]]));
  expect(sink.checkpoints.read("users")).toMatchObject({ offset: 1 });
  const claim = sink.checkpoints.claim!("users", { runId: "two", until: 3000 }, 1000);
  expect(claim).toEqual({ runId: "one", until: 2000.5 });
  const pages = sqliteSource(db, "select * from t").source as Iterable<unknown[]>;
  expect([...pages].flat().map((row) => ({ ...row as object }))).toEqual([{ id: 1, name: "a" }]);
});
