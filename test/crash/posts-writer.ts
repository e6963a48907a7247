// Posts rows to a service, on Node, Deno and Bun: `posts-writer.ts <job as JSON>`. It prints a line
// before it begins and one at its end; its parent may kill it at any moment.
import { appendFileSync } from "node:fs";
import { argv, exit } from "node:process";
import { FileCheckpointStore } from "../../src/adapters/file.ts";
import { httpSink, isTransient } from "../../src/adapters/http.ts";
import { etl, type LoadContext } from "../../src/index.ts";
import type { PostsJob } from "./posts-job.ts";
import { rest } from "./rest.ts";

const { url, at, rows, batchSize, attemptTimeout, restAfter = Infinity } = JSON.parse(
  argv[2]!,
) as PostsJob;
type Row = { readonly id: number };

let posted = 0;
const sink = httpSink<Row>(url);
const load = async (rows: Row[], context: LoadContext) => {
  await sink.load(rows, context);
  if ((posted += rows.length) >= restAfter) await rest();
};

try {
  console.log("began");
  const { loaded } = await etl({
    name: "posts",
    extract: () => Array.from({ length: rows }, (_, id): Row => ({ id })),
    load,
  }).run({
    ...{ batchSize, lease: 50, checkpoints: new FileCheckpointStore(at) },
    retry: {
      load: {
        ...{ maxAttempts: 20, baseDelay: 5, maxDelay: 50, attemptTimeout },
        isRetriable: isTransient,
      },
    },
    deadLetters: () =>
      new WritableStream({
        write: ({ item }) => appendFileSync(`${at}.letters`, `${(item as Row).id}\n`),
      }),
  });
  console.log(`loaded ${loaded}`);
  exit(0);
} catch (error) {
  console.error(error);
  exit(1);
}
