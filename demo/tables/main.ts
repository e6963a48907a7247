/**
 * Loads nested users, as a document store exports them, into 15 tables with foreign keys: into
 * PostgreSQL, which it starts itself, or into SQLite or DuckDB.
 *
 *     npm run demo:tables -- [--sqlite | --duckdb] [--users 10000] [--fresh] [--help]
 *
 * Each user goes with all of its rows, and each batch of users with its checkpoint, in one commit.
 * However the program is stopped, also by `kill -9`, the next one goes on from there.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { showProgress } from "../../src/adapters/progress.ts";
import { renderReport } from "../../src/adapters/report.ts";
import { etl, EtlError, type RunReport } from "../../src/index.ts";
import { show } from "../numbers.ts";
import { progressBars } from "../progress-bars.ts";
import { type Arguments, help, readArguments } from "./arguments.ts";
import { type Database, openDuckdb, openPostgres, openSqlite } from "./databases.ts";
import { exportUsers, readUsers } from "./export-file.ts";
import { rowsOf } from "./rows.ts";
import { withSqliteValues } from "./sqlite-values.ts";
import { answers, countSummary } from "./summary.ts";

const opens = { sqlite: openSqlite, duckdb: openDuckdb, postgres: openPostgres };

const given = argumentsGiven();
if (given !== undefined) await main(given);

function argumentsGiven(): Arguments | undefined {
  try {
    const given = readArguments(process.argv.slice(2));
    if (given === undefined) console.log(help);
    return given;
  } catch (error) {
    console.error(`${(error as Error).message}\n--help lists the options.`);
    process.exitCode = 1;
    return undefined;
  }
}

async function main({ folder, isFresh, ...options }: Arguments): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `users-${options.users}.ndjson`);
  await exportUsers(path, options.users);
  const database = await opens[options.database](folder, isFresh);
  try {
    const report = await load(path, database, options);
    const page = join(folder, "report.html");
    writeFileSync(page, renderReport(report, { title: "Users into 15 tables" }));
    await tell(report, database, page);
  } finally {
    await database.close();
  }
}

/** Loads what no run before has loaded, and gives the report, also where that is not all. */
async function load(
  path: string,
  { workers, sink }: Database,
  options: Omit<Arguments, "folder" | "isFresh">,
): Promise<RunReport> {
  const { users, batchSize, slow, progressInterval } = options;
  const stop = new AbortController();
  const onInterrupt = () => stop.abort(new DOMException("Ctrl-C was pressed", "AbortError"));
  process.once("SIGINT", onInterrupt); // The first one drains, a second one leaves at once.
  const run = etl({
    name: "users",
    extract: ({ signal }) =>
      readUsers(path, { slow, signal: AbortSignal.any([signal, stop.signal]) }),
    transform: options.database === "sqlite" ? (user) => withSqliteValues(rowsOf(user)) : rowsOf,
    load: sink.load,
  }).start({
    ...{ batchSize, workers, checkpoints: sink.checkpoints, signal: stop.signal },
    ...{ guarantee: "effectively-once", total: users, trace: true },
  });
  await showProgress(run, progressBars(), { interval: progressInterval });
  try {
    return await run.finished;
  } catch (error) {
    if (!(error instanceof EtlError) || error.report === undefined) throw error;
    process.exitCode = stop.signal.aborted ? 130 : 1;
    console.log(`\n${error.message}`);
    return error.report;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

async function tell(report: RunReport, database: Database, page: string): Promise<void> {
  const { earlier, loaded, duration, outcome } = report;
  console.log(
    `\n${show(earlier)} users were there, ${show(loaded)} were added in ${show(duration)} ms.` +
      `\nIn ${database.place} there are now:\n\n${await countSummary(database)}\n`,
  );
  if (outcome === "completed") {
    for (const answer of await answers(database)) console.log(answer);
  } else {console.log(
      "Not all is loaded, so no questions are asked. The next run goes on from here.",
    );}
  console.log(`How this run went is in ${page}.`);
}
