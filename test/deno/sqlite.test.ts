import { DatabaseSync } from "node:sqlite";
import BetterSqlite from "better-sqlite3";
import { testSqlite } from "../support/sqlite/cases.ts";

testSqlite({ name: "node:sqlite", open: (path) => new DatabaseSync(path) });
testSqlite({ name: "better-sqlite3", open: (path) => new BetterSqlite(path, { timeout: 0 }) });
