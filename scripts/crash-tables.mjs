// Kills the demo of many tables at random instants until each load is complete, and compares the rows
// of its 15 tables, seven of them without any key, with those that were to be there:
//   node scripts/crash-tables.mjs [--sqlite | --duckdb] [--kills 50] [--users 3000] [--seed 1]
// The processes take turns on Node, Deno and Bun. What was loaded last is then changed: a bad
// attachment, users who have lost posts, and tombstones.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { keepServer } from "../demo/tables/postgres-server.ts";
import { userOf } from "../demo/tables/users.ts";
import { randomOf } from "../test/crash/random.ts";
import { bun, deno, nodeOf } from "./runtimes.mjs";
import { changeTrees, faultsIn, openTables } from "./user-trees.mjs";

const options = {
  kills: { type: "string", default: "50" },
  users: { type: "string", default: "3000" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
  sqlite: { type: "boolean", default: false },
  duckdb: { type: "boolean", default: false },
};
const { values } = parseArgs({ args: argv.slice(2), options });
const kind = values.sqlite ? "sqlite" : values.duckdb ? "duckdb" : "postgres";
const random = randomOf(Number(values.seed));
console.log(`seed ${values.seed}`);

const hasLoaded = /[1-9][\d,]* loaded/; // Before that it may wait for the one that was killed.
const users = Array.from({ length: Number(values.users) }, (_, index) => userOf(index + 1));
const commands = [
  ["Node", nodeOf(24), ["--disable-warning=ExperimentalWarning"]],
  ["Deno", deno, ["run", "-A", "--no-lock", "--quiet"]],
  ["Bun", bun, []],
].filter(([, executable]) => executable !== undefined);

const folder = mkdtempSync(join(tmpdir(), "millrace-crash-tables-"));
chmodSync(folder, 0o755); // Who runs PostgreSQL has to pass.
const killed = Object.fromEntries(commands.map(([name]) => [name, 0]));
let [kills, refusals, faults] = [0, 0, 0];
try {
  while (kills < Number(values.kills)) await crashUntilDone();
  await change();
} finally {
  if (kind === "postgres") await (await keepServer(join(folder, "postgres"))).stop();
  rmSync(folder, { recursive: true });
}
const shares = Object.entries(killed).map(([name, count]) => `${count} of ${name}`).join(", ");
console.log(
  `${kills} kills (${shares}), ${refusals} starts while the one before seemed to live, ` +
    `${faults} faults`,
);
process.exit(faults > 0 ? 1 : 0);

/** Loads all users from the first one on, killed again and again, and checks what is there. */
async function crashUntilDone() {
  const before = kills;
  for (let life = 0;; life++) {
    const isFresh = life === 0;
    const { code, signal, stdout, stderr } = await runOnce(life, isFresh);
    if (signal === "SIGKILL") kills++;
    else if (code === 0) return await check(`${kills - before} kills`);
    else if (`${stdout}${stderr}`.includes("belongs to run")) refusals++;
    else throw new Error(`A run failed: ${stdout}${stderr}`);
    // A run that was killed before it had emptied the database leaves that to the next one.
    if (isFresh && !hasLoaded.test(stderr)) life = -1;
  }
}

/** Runs the demo once, and kills it at an instant that few of them live to see the end before. */
async function runOnce(life, isFresh) {
  const [name, executable, args] = commands[(kills + life + 1) % commands.length];
  const program = [...args, "demo/tables/main.ts", "--folder", folder, "--users", values.users];
  const more = ["--batch", "20", "--progress-interval", "20"];
  if (isFresh) more.push("--fresh");
  if (kind !== "postgres") more.push(`--${kind}`);
  const child = spawn(executable, [...program, ...more]);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes) => void (stdout += bytes));
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const began = new Promise((resolve) => {
    child.stderr.on("data", (bytes) => {
      stderr += bytes;
      if (hasLoaded.test(stderr)) resolve();
    });
  });
  if (random() < 0.1) await Promise.race([wait(random() * 1000), ended]);
  else await Promise.race([began.then(() => wait(random() * users.length / 5)), ended]);
  child.kill("SIGKILL");
  const ending = await ended;
  if (ending.signal === "SIGKILL") killed[name]++;
  return ending;
}

/** Compares the rows of all tables with those of the users. */
async function check(words) {
  const tables = await openTables(folder, kind);
  try {
    tell(words, await faultsIn(tables, users));
  } finally {
    await tables.close();
  }
}

/** Changes what is there by loads of the same tables, and compares the rows after each. */
async function change() {
  const tables = await openTables(folder, kind);
  try {
    for await (const { words, wrong } of changeTrees(tables, users)) tell(words, wrong);
  } finally {
    await tables.close();
  }
}

function tell(words, wrong) {
  faults += wrong.length;
  const outcome = wrong.length === 0 ? "every row is there once" : `wrong: ${wrong.join("; ")}`;
  console.log(`${words.padEnd(24)}  ${outcome}`);
}
