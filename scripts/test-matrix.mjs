// Runs the one test suite inside every runtime that is installed:
//   node scripts/test-matrix.mjs [node22 node24 node26 deno bun workerd workerd-2024 chromium] [PATH…]
// With paths, it runs the test files whose path holds one of them; the path of a source file stands
// for its tests.
// A runtime that is missing is skipped, unless REQUIRE_RUNTIMES names it or says "all".
// Two legs run side by side, as each waits half of its time; what each has told is printed at its end.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import process, { argv, env, execPath, stdout } from "node:process";
import { bun, chromium, deno, nodeOf, workerd, workerdDates } from "./runtimes.mjs";

const LONGEST_LEG = 30 * 60_000; // ms
const vitest = ["node_modules/vitest/vitest.mjs", "run"];
const host = nodeOf(24) ?? nodeOf(22) ?? nodeOf(26) ?? execPath; // Runs vitest where the runtime does not.

// What speaks with the database is no part of Node: one kind of client shows that the rest runs. All
// kinds are tested on Node 24; a single client of pg, there alone.
const otherNode = { TEST_RUNTIME: "node", TEST_CLIENTS: "pg Pool" };

// What an older date of workerd changes: streams, timers and how rejections are told.
const streamTests = ["conformance", "runtime", "streams", "run", "workerd"].map((room) =>
  `test/${room}/`
);

/** The executable of each runtime, what it is given, its environment, and its tests if not all. */
const legs = {
  node22: [nodeOf(22), vitest, otherNode],
  node24: [nodeOf(24), vitest, { TEST_RUNTIME: "node", TEST_ISOLATE: "1", TEST_ONCE: "1" }],
  node26: [nodeOf(26), vitest, otherNode],
  deno: [deno, ["run", "-A", "--no-lock", ...vitest], {
    TEST_RUNTIME: "deno",
    TEST_CLIENTS: "pg Pool,postgres,PGlite",
  }],
  bun: [bun, ["--bun", ...vitest], {
    TEST_RUNTIME: "bun",
    TEST_CLIENTS: "pg Pool,postgres,PGlite,Bun.SQL",
  }],
  workerd: [workerd && host, vitest, { TEST_RUNTIME: "workerd", WORKERD_DATE: workerdDates[1] }],
  "workerd-2024": [workerd && host, vitest, {
    TEST_RUNTIME: "workerd",
    WORKERD_DATE: workerdDates[0],
    // Or workerd of that date reports rejections that are handled one microtask later.
    WORKERD_FLAGS: "unhandled_rejection_after_microtask_checkpoint",
  }, streamTests],
  chromium: [chromium && host, vitest, { TEST_RUNTIME: "chromium", CHROMIUM: chromium }],
};

/** Runs one leg, and gives its row of the table. */
async function runLeg(name) {
  const [executable, args, variables, own = []] = legs[name];
  if (!executable) {
    return { name, state: isRequired(name) ? "FAILED" : "skipped", tests: "not installed" };
  }
  const start = performance.now();
  const given = paths.length > 0 ? paths.map(testsOf) : own;
  const { code, output } = await run(executable, [...args, ...given], variables);
  const tests = /Tests\s+(.*)/.exec(output)?.[1] ?? "no tests";
  if (!isAlone) stdout.write(`\n===== ${name}\n${output}`);
  const hasPassed = code === 0 && /[1-9]\d* passed/.test(tests);
  return { name, state: hasPassed ? "passed" : "FAILED", tests, ms: performance.now() - start };
}

function run(executable, args, variables) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(executable, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env, NO_COLOR: "1", ...variables },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        if (isAlone) stdout.write(text);
      });
    }
    const killer = setTimeout(() => child.kill("SIGKILL"), LONGEST_LEG);
    child.on("close", (code) => {
      clearTimeout(killer);
      resolve({ code, output });
    });
  });
}

/** Where the tests of a source file are; any other path as it is. */
function testsOf(path) {
  return path.replace(/^src\/(.*)\.ts$/, "test/$1");
}

function isRequired(name) {
  const required = (env.REQUIRE_RUNTIMES ?? "").split(",");
  return required.includes("all") || required.includes(name);
}

const names = Object.keys(legs);
const given = argv.slice(2);
const paths = given.filter((word) => !names.includes(word));
const missing = paths.find((path) => !existsSync(path));
if (missing !== undefined) {
  const rule = `one of ${names.join(", ")}, or the path of a test`;
  console.error(`Cannot run tests as each argument must be ${rule}: current value is "${missing}"`);
  process.exit(2);
}
const wanted = names.filter((name) => given.includes(name));
if (wanted.length === 0) wanted.push(...names);
const isAlone = wanted.length === 1; // Told as it comes.
// The longest first, beside which the others run.
const waiting = wanted.toSorted((a, b) => Number(b === "node24") - Number(a === "node24"));
const rows = [];
async function runWaiting() {
  for (let name; (name = waiting.shift()) !== undefined;) rows.push(await runLeg(name));
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, runWaiting));
rows.sort((a, b) => wanted.indexOf(a.name) - wanted.indexOf(b.name));
console.log("\nruntime       result   tests                          time");
for (const { name, state, tests, ms = 0 } of rows) {
  const time = `${(ms / 1000).toFixed(1)} s`;
  console.log(`${name.padEnd(13)} ${state.padEnd(8)} ${tests.padEnd(30)} ${time}`);
}
const count = (wantedState) => rows.filter(({ state }) => state === wantedState).length;
console.log(`\n${count("passed")} passed, ${count("FAILED")} failed, ${count("skipped")} skipped`);
process.exitCode = count("FAILED") > 0 ? 1 : 0;
