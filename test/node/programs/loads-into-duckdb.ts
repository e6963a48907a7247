// Loads 100 rows into a file of DuckDB: `loads-into-duckdb.ts <file> <before | after> <commit>`. At so
// many commits of loads the process kills itself, right before or right after; 0 for never.
import { DuckDBInstance } from "@duckdb/node-api";
import { argv, kill, pid } from "node:process";
import { duckdbSink } from "../../../src/adapters/duckdb.ts";
import { etl } from "../../../src/index.ts";

const [file = "", when, number] = argv.slice(2);
const instance = await DuckDBInstance.create(file);
const connection = await instance.connect();
await connection.run("create table if not exists t (id integer, name varchar)");

let hasRows = false;
let commits = 0;
const dying = {
  stream: () => Promise.reject(new Error("There is no source")),
  async run(sql: string, values?: (string | null)[]) {
    if (sql.startsWith(`insert into "t"`)) hasRows = true;
    const isTheOne = sql === "commit" && hasRows && ++commits === Number(number);
    if (sql === "commit") hasRows = false;
    if (isTheOne && when === "before") kill(pid, "SIGKILL");
    const result = await connection.run(sql, values);
    if (isTheOne) kill(pid, "SIGKILL");
    return result;
  },
};
const { load, checkpoints } = duckdbSink(dying, { table: "t", columns: ["id", "name"] });
const report = await etl({
  name: "rows",
  extract: () => Array.from({ length: 100 }, (_, id) => ({ id, name: `n${id}` })),
  load,
}).run({ batchSize: 7, workers: 3, checkpoints, lease: 1, guarantee: "effectively-once" });
console.log(report.loaded);
connection.closeSync();
instance.closeSync();
