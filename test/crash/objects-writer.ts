// Writes rows as objects, on Node, Deno and Bun: `objects-writer.ts <job as JSON>`. It prints a line
// after its first part; its parent may kill it at any moment.
import { argv, exit } from "node:process";
import { commitsTo } from "../../src/adapters/checkpoint.ts";
import { folderStore, objectSink, s3Store } from "../../src/adapters/object.ts";
import { encodeNdjson } from "../../src/adapters/ndjson.ts";
import { etl, type LoadContext, skip } from "../../src/index.ts";
import { isSkipped, type ObjectsJob } from "./objects-job.ts";

const { url, rows, batchSize, workers } = JSON.parse(argv[2]!) as ObjectsJob;
const store = url.startsWith("http:") ? s3Store(url, { fetch }) : folderStore(url);
const sink = objectSink(store, { format: encodeNdjson<number>() });

let hasBegun = false;
const load = async (given: number[], context: LoadContext) => {
  await sink.load(given, context);
  if (!hasBegun) console.log("began");
  hasBegun = true;
};

try {
  await etl({
    name: "rows",
    extract: () => Array.from({ length: rows }, (_, id) => id),
    transform: (id) => isSkipped(id) ? skip : id,
    load: Object.assign(load, { [commitsTo]: sink.checkpoints }),
    postProcess: sink.writeManifest,
  }).run({
    ...{ batchSize, workers, lease: 300, checkpoints: sink.checkpoints },
    retry: { maxAttempts: 20, baseDelay: 5, maxDelay: 50 },
    guarantee: "effectively-once",
  });
  exit(0);
} catch (error) {
  console.error(error);
  exit(1);
}
