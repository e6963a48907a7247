// Kills processes that write objects into a store which fails in every way, or into a folder, over and
// over, and looks for rows that are lost or twice, and for parts that are left open:
//   npm run test:crash-objects -- [--kills 100] [--rows 3000] [--seed 1] [--folder]
// The writers take turns on Node, Deno and Bun.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { crashObjects } from "../test/crash/objects-job.ts";
import { randomOf } from "../test/crash/random.ts";

const options = {
  kills: { type: "string", default: "100" },
  rows: { type: "string", default: "3000" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
  folder: { type: "boolean", default: false },
};
const { values } = parseArgs({ args: argv.slice(2), options });
console.log(`seed ${values.seed}`);

const folder = mkdtempSync(join(tmpdir(), "millrace-objects-"));
try {
  const end = await crashObjects({
    ...{ rows: Number(values.rows), kills: Number(values.kills), runtimes: 3, delay: 150 },
    ...{ random: randomOf(Number(values.seed)), ...(values.folder && { folder }) },
  });
  console.log(end);
  const { kills, lost, duplicates, leftOpen } = end;
  console.log(
    `${kills} kills, ${lost} rows lost, ${duplicates} twice, ${leftOpen} parts left open`,
  );
  if (lost + duplicates + leftOpen > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
