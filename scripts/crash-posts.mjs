// Kills processes that post to a service which fails in every way, over and over, and looks for rows that
// are lost or were taken twice; then posts batches that are too large for it:
//   npm run test:crash-posts -- [--kills 20] [--rows 10000] [--seed 1]
// The writers take turns on Node, Deno and Bun.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { crashPosts } from "../test/crash/posts-job.ts";
import { randomOf } from "../test/crash/random.ts";

const options = {
  kills: { type: "string", default: "20" },
  rows: { type: "string", default: "10000" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
};
const { values } = parseArgs({ args: argv.slice(2), options });
console.log(`seed ${values.seed}`);

const folder = mkdtempSync(join(tmpdir(), "millrace-posts-"));
try {
  const tasks = { killed: [Number(values.kills), Infinity], halved: [0, 16] };
  for (const [name, [kills, maxRows]] of Object.entries(tasks)) {
    const end = await crashPosts(join(folder, name), {
      ...{ kills, maxRows, rows: Number(values.rows), batchSize: 20, runtimes: 3 },
      ...{ attemptTimeout: 1000, random: randomOf(Number(values.seed)) },
    });
    console.log(`${name}:`, end);
    if (end.lost + end.duplicates + end.mismatches > 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
