// Kills processes that load into a database, over and over, and looks for rows that are lost or twice:
//   node scripts/crash.mjs [--kills 1000] [--seed 1] [--store sqlite] [--store pg] [--store postgres] [--grow]
// The writers take turns on Node, Deno and Bun; without --store all three of them get their share. With
// --grow two workers load into two tables that get a column for every 100 numbers.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { crashUntilDone, isComplete } from "../test/crash/crash.ts";
import { sqliteFile } from "../test/crash/database.ts";
import { growingFile, growingPostgres } from "../test/crash/growth.ts";
import { jobOf } from "../test/crash/job.ts";
import { postgresDatabase } from "../test/crash/postgres-database.ts";
import { randomOf } from "../test/crash/random.ts";
import { startPostgres } from "../test/support/postgres/server.ts";

const options = {
  kills: { type: "string", default: "1000" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
  store: { type: "string", multiple: true, default: ["sqlite", "pg", "postgres"] },
  grow: { type: "boolean", default: false },
};
const { values } = parseArgs({ args: argv.slice(2), options });
const wanted = Number(values.kills);
const growth = 100; // Numbers for each column.
const random = randomOf(Number(values.seed));
console.log(`seed ${values.seed}`);

const folder = mkdtempSync(join(tmpdir(), "millrace-crash-"));
const hasServer = values.store.some((store) => store !== "sqlite");
const server = hasServer ? await startPostgres() : undefined;
const tally = { kills: 0, duplicates: 0, losses: 0 };
try {
  for (let turn = 0; tally.kills < wanted; turn++) await crashOnce(turn);
} finally {
  await server?.stop();
  rmSync(folder, { recursive: true });
}
const { kills, duplicates, losses } = tally;
console.log(`${kills} kills, ${duplicates} rows twice, ${losses} rows lost`);
process.exit(duplicates + losses > 0 ? 1 : 0);

function databaseOf(store, at) {
  if (values.grow) return (store === "sqlite" ? growingFile : growingPostgres)(at, growth);
  return store === "sqlite" ? sqliteFile(at) : postgresDatabase(at);
}

/** Crashes one job until it completes, and prints a line of it. */
async function crashOnce(turn) {
  const store = values.store[turn % values.store.length];
  const at = store === "sqlite" ? join(folder, "crash.db") : server.url;
  const database = databaseOf(store, at);
  const before = { ...tally };
  const plain = jobOf({ store, at }, Math.floor(turn / values.store.length), 2000, random);
  const job = values.grow ? { ...plain, workers: 2, rows: 5000, growth } : plain;
  try {
    await database.clear();
    await crashUntilDone(database, job, random, tally);
    if (!isComplete(await database.read(), job.rows)) tally.losses++;
  } finally {
    await database.close();
  }
  const { workers, batchSize, resume } = job;
  const [kills, duplicates, losses] = Object.keys(tally).map((name) => tally[name] - before[name]);
  const faults = duplicates + losses > 0 ? `, ${duplicates} rows twice, ${losses} lost` : "";
  const details = `${workers} workers, batches of ${batchSize}, resume "${resume}"${faults}`;
  console.log(`${store.padEnd(9)}${`${kills} kills`.padEnd(9)}  ${details}`);
}
