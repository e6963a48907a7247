// Runs random pipelines that anything happens to, with operators and branches as well, and looks for
// items that are lost or twice:
//   node scripts/fuzz.mjs [--runs 2000] [--seed 1]
// With a seed alone it replays that one. The same seed is the same run, on every runtime.
import { spawnSync } from "node:child_process";
import process, { argv, env, execPath } from "node:process";
import { parseArgs } from "node:util";
import { nodeOf } from "./runtimes.mjs";

const options = { runs: { type: "string" }, seed: { type: "string" } };
const { runs, seed } = parseArgs({ args: argv.slice(2), options }).values;
for (const [name, value] of Object.entries({ runs, seed })) {
  if (value === undefined || /^[1-9]\d*$/.test(value)) continue;
  console.error(`Cannot fuzz as '--${name}' must be a positive integer: current value is ${value}`);
  process.exit(2);
}
const vitest = ["node_modules/vitest/vitest.mjs", "run", "test/fuzz/"];
const variables = {
  TEST_RUNTIME: "node",
  FUZZ_RUNS: runs ?? (seed === undefined ? "2000" : "1"),
  FUZZ_SEED: seed ?? "1",
};
const node = nodeOf(24) ?? nodeOf(22) ?? nodeOf(26) ?? execPath;
const { status } = spawnSync(node, vitest, { stdio: "inherit", env: { ...env, ...variables } });
process.exitCode = status ?? 1;
