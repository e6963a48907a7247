import { DatabaseSync } from "node:sqlite";
import { Database } from "bun:sqlite";
import { testSqlite } from "../support/sqlite/cases.ts";

testSqlite({ name: "node:sqlite", open: (path) => new DatabaseSync(path) });
testSqlite({ name: "bun:sqlite", open: (path) => new Database(path) });
