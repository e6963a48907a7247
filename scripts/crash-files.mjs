// Kills processes that write into files, over and over, and looks for rows that are lost or twice:
//   npm run test:crash-files -- [--kills 20] [--rows 400] [--seed 1]
// The kills are as many for plain files as for gzip. The writers take turns on Node, Deno and Bun.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { crashFiles } from "../test/crash/files-job.ts";
import { randomOf } from "../test/crash/random.ts";

const options = {
  kills: { type: "string", default: "20" },
  rows: { type: "string", default: "400" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
};
const { values } = parseArgs({ args: argv.slice(2), options });
console.log(`seed ${values.seed}`);

const folder = mkdtempSync(join(tmpdir(), "millrace-files-"));
try {
  for (const compress of ["none", "gzip"]) {
    const { kills, files, lost, duplicates } = await crashFiles(join(folder, compress), {
      ...{ compress, rows: Number(values.rows), kills: Number(values.kills), runtimes: 3 },
      ...{ unlocks: false, random: randomOf(Number(values.seed)) },
    });
    const counts = `${files} files, ${lost} rows lost, ${duplicates} twice`;
    console.log(`compress "${compress}": ${kills} kills, ${counts}`);
    if (lost + duplicates > 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
