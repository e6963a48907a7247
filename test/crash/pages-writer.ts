// Loads the pages of a list into a file of SQLite, on Node, Deno and Bun: `pages-writer.ts <job as
// JSON>`. It prints a line after its first commit and one at its end; its parent may kill it at any
// instant.
import { argv, exit } from "node:process";
import { DatabaseSync } from "node:sqlite";
import { commitsTo } from "../../src/adapters/checkpoint.ts";
import { readPages } from "../../src/adapters/http.ts";
import { sqliteSink } from "../../src/adapters/sqlite.ts";
import { etl, type LoadContext, RateLimiter } from "../../src/index.ts";
import type { PagesJob } from "./pages-job.ts";
import { rest } from "./rest.ts";

type Row = { readonly id: number };

const job = JSON.parse(argv[2]!) as PagesJob;
const db = new DatabaseSync(job.at, { timeout: 5000 });
db.exec("pragma synchronous = normal");
const sink = sqliteSink(db, { table: "t", columns: ["id"] }); // A row that comes twice fails it.

const pages = readPages<Row>(job.url, {
  next: { offset: "offset" },
  items: "$.rows",
  total: "$.total",
  key: "id",
  limits: new RateLimiter({ limit: job.limit, interval: job.interval * 1.25 }),
  retry: { maxAttempts: 20, baseDelay: 5, maxDelay: 50, attemptTimeout: job.attemptTimeout },
  fetch: (request) => {
    request.headers.set("x-life", job.life);
    request.headers.set("x-time", `${Date.now()}`);
    return fetch(request);
  },
});

let inTable = 0;
const load = async (rows: Row[], context: LoadContext) => {
  sink.load(rows, context);
  if (inTable === 0) console.log("began");
  if ((inTable += rows.length) >= (job.restAfter ?? Infinity)) await rest();
};

try {
  const { loaded } = await etl({
    name: "pages",
    extract: pages.extract,
    load: Object.assign(load, { [commitsTo]: sink.checkpoints }),
  }).run({
    ...{ batchSize: job.batchSize, workers: job.workers, lease: 50 },
    ...{ checkpoints: sink.checkpoints, guarantee: "effectively-once" },
    ...pages.runOptions,
  });
  console.log(`loaded ${loaded} of ${pages.total()}`);
  exit(0);
} catch (error) {
  console.error(error);
  exit(1);
}
