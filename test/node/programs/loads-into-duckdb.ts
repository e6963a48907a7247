// Loads 100 rows, each with two of a table without a key, into a file of DuckDB:
// `loads-into-duckdb.ts <file> <before | after> <commit>`. At so many commits of loads the process kills
// itself, right before or right after; 0 for never.
import { DuckDBInstance } from "@duckdb/node-api";
import { argv, kill, pid } from "node:process";
import { duckdbSink } from "../../../src/adapters/duckdb.ts";
import { etl } from "../../../src/index.ts";

const [file = "", when, number] = argv.slice(2);
const instance = await DuckDBInstance.create(file);
const connection = await instance.connect();
await connection.run(`create table if not exists t (id integer, name varchar);
  create table if not exists part (t_id integer, n integer)`);

let hasRows = false;
let commits = 0;
const dying = {
  stream: () => Promise.reject(new Error("There is no source")),
  async run(sql: string, values?: (string | null)[]) {
    const isTheOne = sql === "commit" && hasRows && ++commits === Number(number);
    if (sql === "commit") hasRows = false;
    if (isTheOne && when === "before") kill(pid, "SIGKILL");
    const result = await connection.run(sql, values);
    if (isTheOne) kill(pid, "SIGKILL");
    return result;
  },
  createAppender(table: string, schema?: string, database?: string) {
    hasRows = true;
    return connection.createAppender(table, schema, database);
  },
};
const { load, checkpoints } = duckdbSink(dying, {
  tables: {
    t: { columns: ["id", "name"] },
    part: { columns: ["t_id", "n"], parent: { table: "t", on: { t_id: "id" } } },
  },
});
const report = await etl({
  name: "rows",
  extract: () => Array.from({ length: 100 }, (_, id) => ({ id, name: `n${id}` })),
  transform: (t) => ({ t, part: [{ n: 1 }, { n: 2 }] }),
  load,
}).run({ batchSize: 7, workers: 3, checkpoints, lease: 1, guarantee: "effectively-once" });
console.log(report.loaded);
connection.closeSync();
instance.closeSync();
