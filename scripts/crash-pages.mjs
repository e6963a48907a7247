// Kills processes that load the pages of an API which fails in every way, over and over, and looks for
// rows that are lost or twice, and for requests beyond the limit of the API:
//   npm run test:crash-pages -- [--kills 20] [--rows 10000] [--seed 1]
// The writers take turns on Node, Deno and Bun.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { crashPages } from "../test/crash/pages-job.ts";
import { randomOf } from "../test/crash/random.ts";

const options = {
  kills: { type: "string", default: "20" },
  rows: { type: "string", default: "10000" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
};
const { values } = parseArgs({ args: argv.slice(2), options });
console.log(`seed ${values.seed}`);

const folder = mkdtempSync(join(tmpdir(), "millrace-pages-"));
try {
  const end = await crashPages(join(folder, "pages.db"), {
    ...{ rows: Number(values.rows), kills: Number(values.kills), runtimes: 3 },
    ...{ delay: 15, attemptTimeout: 3000, random: randomOf(Number(values.seed)) },
  });
  console.log(end);
  const { kills, lost, duplicates, violations } = end;
  console.log(
    `${kills} kills, ${lost} rows lost, ${duplicates} twice, ${violations} beyond the limit`,
  );
  if (lost + duplicates + violations > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
