// Loads the numbers below `rows` into a table, on Node, Deno and Bun: `writer.ts <job as JSON>`. It
// prints a line after its first commit and one at its end; its parent may kill it at any moment.
import { argv, exit } from "node:process";
import { commitsTo } from "../../src/adapters/checkpoint.ts";
import { etl, type LoadContext, type Pipeline } from "../../src/index.ts";
import type { CheckpointStore, RunOptions } from "../../src/index.ts";
import type { Job } from "./job.ts";
import { randomOf } from "./random.ts";
import { rest } from "./rest.ts";

/** What a writer needs of a sink. */
interface Sink {
  load(rows: readonly object[], context: LoadContext): unknown;
  readonly checkpoints: CheckpointStore;
}

const job = JSON.parse(argv[2]!) as Job;
const random = randomOf(job.seed);

async function sinkOf({ store, at, maxPages, growth }: Job): Promise<Sink> {
  const child = { parent: { table: "t", on: { n: "n" } } };
  const options = growth === undefined
    ? { table: "t", columns: ["n"] }
    : { tables: { t: {}, u: child }, unknown: "add" } as never; // Either fits every sink.
  if (store === "sqlite") {
    const { DatabaseSync } = await import("node:sqlite");
    const { sqliteSink } = await import("../../src/adapters/sqlite.ts");
    const db = new DatabaseSync(at, { timeout: 5000 });
    db.exec("pragma synchronous = normal");
    if (maxPages !== undefined) db.exec(`pragma max_page_count = ${maxPages}`);
    return sqliteSink(db, options);
  }
  const { postgresSink } = await import("../../src/adapters/postgres.ts");
  if (store === "pg") {
    const { default: pg } = await import("pg");
    const pool = new pg.Pool({ connectionString: at, max: 9 });
    pool.on("error", () => {}); // A server that dies ends the idle ones.
    return postgresSink(pool, options);
  }
  const { default: postgres } = await import("postgres");
  return postgresSink(
    postgres(at, {
      ...{ max: 9, onnotice: () => {}, backoff: false },
      fetch_types: false, // A connection that is lost while it asks for them ends the process (3.4.9).
    }),
    options,
  );
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random() * 2 * job.pause));
}

function* numbers(from: number): Generator<{ n: number }> {
  for (let n = from; n < job.rows; n++) yield { n };
}

/** A number for both tables, with the property whose column comes with it. */
function treeOf({ n }: { n: number }): object {
  const name = `c${Math.floor(n / job.growth!)}`;
  return { t: { n, [name]: n }, u: { [name]: n } };
}

function pipelineOf({ load, checkpoints }: Sink): Pipeline<{ n: number }> {
  let [hasBegun, loaded] = [false, 0];
  const loadSlowly = async (rows: { n: number }[], context: LoadContext) => {
    await pause(); // So that loads end in another order than they began in.
    await load(job.growth === undefined ? rows : rows.map(treeOf), context);
    if (!hasBegun) console.log("began");
    hasBegun = true;
    if ((loaded += rows.length) >= (job.restAfter ?? Infinity)) await rest();
    await pause(); // It may be killed between the commit and the news of it.
  };
  return {
    name: "crash",
    extract: ({ checkpoint }) =>
      numbers(job.resume === "source" ? Number(checkpoint?.position ?? 0) : 0),
    load: Object.assign(loadSlowly, { [commitsTo]: checkpoints }),
  };
}

function optionsOf({ checkpoints }: Sink): RunOptions<{ n: number }> {
  const { batchSize, workers, lease, resume, isRetrying } = job;
  return {
    ...{ batchSize, workers, lease, resume, checkpoints, guarantee: "effectively-once" },
    position: ({ n }) => n + 1,
    ...isRetrying && { retry: { maxAttempts: 50, baseDelay: 20, maxDelay: 200 } },
  };
}

try {
  const sink = await sinkOf(job);
  const { loaded, retries } = await etl(pipelineOf(sink)).run(optionsOf(sink));
  console.log(`loaded ${loaded}, retries ${retries}`);
  exit(0);
} catch (error) {
  const { name, message, stage, cause } = error as Error & { stage?: string };
  const words = cause instanceof Error ? `${cause.name}: ${cause.message}` : `${cause}`;
  console.error(JSON.stringify({ name, message, stage, cause: words }));
  exit(1);
}
