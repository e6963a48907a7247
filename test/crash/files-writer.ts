// Writes numbers into a file, on Node, Deno and Bun: `files-writer.ts <job as JSON>`. It prints a line
// before it begins and one at its end; its parent may kill it at any moment.
import { argv, exit } from "node:process";
import { fileSink } from "../../src/adapters/file.ts";
import { encodeJson } from "../../src/adapters/json.ts";
import { etl } from "../../src/index.ts";
import type { FileJob } from "./files-job.ts";

const { at, compress, rows, batchSize, workers } = JSON.parse(argv[2]!) as FileJob;
const { load, checkpoints } = fileSink<{ n: number }>(at, { format: encodeJson(), compress });

try {
  console.log("began");
  const { loaded } = await etl({
    name: "crash",
    extract: () => Array.from({ length: rows }, (_, n) => ({ n })),
    load,
  }).run({ batchSize, workers, checkpoints, lease: 50, guarantee: "effectively-once" });
  console.log(`loaded ${loaded}`);
  exit(0);
} catch (error) {
  console.error(error);
  exit(1);
}
