// Loads 100 rows into a file of SQLite: `loads-into-sqlite.ts <file> <before | after> <commit>`. At
// so many commits of loads the process kills itself, right before or right after; 0 for never.
import { argv, kill, pid } from "node:process";
import { DatabaseSync } from "node:sqlite";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import { etl } from "../../../src/index.ts";

const [file = "", when, number] = argv.slice(2);
const db = new DatabaseSync(file, { timeout: 5000 });
db.exec("pragma journal_mode = wal; create table if not exists t (id integer, name text)");

let isLoading = false;
let commits = 0;
const dying = {
  prepare: (sql: string) => db.prepare(sql),
  exec(sql: string): void {
    const isTheOne = sql === "commit" && isLoading && ++commits === Number(number);
    if (isTheOne && when === "before") kill(pid, "SIGKILL");
    db.exec(sql);
    if (isTheOne) kill(pid, "SIGKILL");
  },
};
const { load, checkpoints } = sqliteSink(dying, { table: "t", columns: ["id", "name"] });
const report = await etl({
  name: "rows",
  extract: () => Array.from({ length: 100 }, (_, id) => ({ id, name: `n${id}` })),
  load: Object.assign((...args: Parameters<typeof load>) => {
    isLoading = true;
    load(...args);
    isLoading = false;
  }, load),
}).run({ batchSize: 7, workers: 3, checkpoints, lease: 1, guarantee: "effectively-once" });
console.log(report.loaded);
