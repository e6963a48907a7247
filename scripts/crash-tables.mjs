// Kills the demo of many tables at random instants until each load is complete, and compares the rows
// of its 15 tables with those that were to be there:
//   node scripts/crash-tables.mjs [--kills 50] [--seed 1] [--sqlite]
// The processes take turns on Node, Deno and Bun.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { keepServer } from "../demo/tables/postgres-server.ts";
import { countRows } from "../demo/tables/rows.ts";
import { userOf } from "../demo/tables/users.ts";
import { randomOf } from "../test/crash/random.ts";
import { bun, deno, nodeOf } from "./runtimes.mjs";

const options = {
  kills: { type: "string", default: "50" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
  sqlite: { type: "boolean", default: false },
};
const { values } = parseArgs({ args: argv.slice(2), options });
const random = randomOf(Number(values.seed));
console.log(`seed ${values.seed}`);

const hasLoaded = /[1-9][\d,]* loaded/; // Before that it may wait for the one that was killed.
const users = 3000;
const wanted = countRows(Array.from({ length: users }, (_, index) => userOf(index + 1)));
const commands = [
  [nodeOf(24), ["--disable-warning=ExperimentalWarning"]],
  [deno, ["run", "-A", "--no-lock", "--quiet"]],
  [bun, []],
].filter(([executable]) => executable !== undefined);

const folder = mkdtempSync(join(tmpdir(), "millrace-crash-tables-"));
chmodSync(folder, 0o755); // Who runs PostgreSQL has to pass.
let [kills, refusals, faults] = [0, 0, 0];
try {
  while (kills < Number(values.kills)) await crashUntilDone();
} finally {
  if (!values.sqlite) await (await keepServer(join(folder, "postgres"))).stop();
  rmSync(folder, { recursive: true });
}
console.log(
  `${kills} kills, ${refusals} starts while the one before seemed to live, ${faults} faults`,
);
process.exit(faults > 0 ? 1 : 0);

/** Loads all users from the first one on, killed again and again, and checks what is there. */
async function crashUntilDone() {
  const before = kills;
  for (let life = 0;; life++) {
    const isFresh = life === 0;
    const { code, signal, stdout, stderr } = await runOnce(life, isFresh);
    if (signal === "SIGKILL") kills++;
    else if (code === 0) return check(stdout, kills - before);
    else if (`${stdout}${stderr}`.includes("belongs to run")) refusals++;
    else throw new Error(`A run failed: ${stdout}${stderr}`);
    // A run that was killed before it had emptied the database leaves that to the next one.
    if (isFresh && !hasLoaded.test(stderr)) life = -1;
  }
}

/** Runs the demo once, and kills it at an instant that few of them live to see the end before. */
async function runOnce(life, isFresh) {
  const [executable, args] = commands[(kills + life + 1) % commands.length];
  const program = [...args, "demo/tables/main.ts", "--folder", folder, "--users", `${users}`];
  const more = ["--batch", "20", "--progress-interval", "20"];
  if (isFresh) more.push("--fresh");
  if (values.sqlite) more.push("--sqlite");
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
  else await Promise.race([began.then(() => wait(random() * 600)), ended]);
  child.kill("SIGKILL");
  return await ended;
}

function check(output, killed) {
  const wrong = Object.entries(wanted).filter(([table, count]) =>
    !new RegExp(`^ {2}${table} +${count.toLocaleString("en-US")} +0$`, "m").test(output)
  );
  faults += wrong.length;
  const words = wrong.length === 0 ? "every row is there once" : `wrong: ${wrong.join(" ")}`;
  console.log(`${`${killed} kills`.padEnd(9)}  ${words}`);
}
