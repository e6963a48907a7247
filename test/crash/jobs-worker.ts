// Works on a job, or coordinates it, on Node, Deno and Bun: `jobs-worker.ts <task as JSON>`. A worker
// prints a line after its first commit, a coordinator one when it begins and its report at its end;
// their parent may kill them at any moment.
import { argv, exit } from "node:process";
import pg from "pg";
import { commitsTo } from "../../src/adapters/checkpoint.ts";
import { coordinate, type Job, work } from "../../src/adapters/jobs.ts";
import { postgresJobStore, postgresSink, postgresSource } from "../../src/adapters/postgres.ts";
import type { LoadContext } from "../../src/index.ts";
import type { JobsTask } from "./jobs-job.ts";

const task = JSON.parse(argv[2]!) as JobsTask;
const pool = new pg.Pool({ connectionString: task.url, max: 8 });
pool.on("error", () => {}); // A server that dies ends the idle ones.
const sink = postgresSink(pool, { table: "target", columns: ["id", "cents"] });
const store = postgresJobStore(pool, { job: task.job, lease: task.lease, pollInterval: 100 });

type Part = { readonly index: number; readonly low: number; readonly high: number };
type Sale = { readonly id: number; readonly euros: number };
type Entry = { readonly id: number; readonly cents: number };

let hasBegun = false;
const load = async (rows: Entry[], context: LoadContext) => {
  await new Promise((resolve) => setTimeout(resolve, task.delay));
  await sink.load(rows, context);
  if (!hasBegun) console.log("began");
  hasBegun = true;
};

const job: Job<Part, Sale, Entry> = {
  name: task.job,
  split: function* () {
    for (let index = 0; index < task.partitions; index++) {
      yield { index, low: index * task.rows, high: (index + 1) * task.rows };
    }
  },
  id: ({ index }) => `part ${index}`,
  pipeline: ({ index, low, high }) => ({
    extract: ({ checkpoint }) => {
      // The part that is broken fails in one of its last pages.
      const sql =
        "select id, euros + 0 / ($3 - id)::int euros from source where id > $1 and id < $2";
      const broken = index === task.poison ? low + Math.floor(task.rows * 0.9) : -1;
      const params = [checkpoint?.position ?? low - 1, high, broken];
      return postgresSource<Sale>(pool, sql, params, { key: "id", chunkSize: 200 });
    },
    transform: ({ id, euros }) => {
      if (id % task.bad === 0) throw new Error("This row is broken");
      return { id, cents: euros * 100 };
    },
    load: Object.assign(load, { [commitsTo]: sink.checkpoints }),
  }),
};

try {
  if (task.role === "coordinator") {
    console.log("began");
    console.log(JSON.stringify(await coordinate(job, { store })));
  } else {
    await work(job, {
      ...{ store, until: "done", lanes: 2, maxFailures: 2 },
      maxBegun: 100, // Workers are killed so often that their partitions are not to blame.
      run: {
        ...{ batchSize: 100, checkpoints: sink.checkpoints, guarantee: "effectively-once" },
        ...{ resume: "source", position: ({ id }) => id, deadLetters: () => sink.deadLetters() },
        lease: 500,
      },
    });
  }
  exit(0);
} catch (error) {
  console.error(error);
  exit(1);
}
