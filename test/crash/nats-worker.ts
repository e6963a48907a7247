// Works on a job, or coordinates it, on Node, Deno and Bun: `nats-worker.ts <task as JSON>`. A worker
// prints a line after its first commit, a coordinator one when it begins and its report at its end;
// their parent may kill them, and the server, at any moment.
import { argv, exit } from "node:process";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect, headers } from "@nats-io/transport-node";
import { commitsTo } from "../../src/adapters/checkpoint.ts";
import { coordinate, type Job, work } from "../../src/adapters/jobs.ts";
import { natsDeadLetters, natsJobStore, natsSink } from "../../src/adapters/nats.ts";
import type { LoadContext } from "../../src/index.ts";
import { namesOf, type NatsTask } from "./nats-job.ts";

const task = JSON.parse(argv[2]!) as NatsTask;
const names = namesOf(task.job);

type Part = { readonly index: number; readonly low: number; readonly high: number };
type Entry = { readonly id: number; readonly cents: number };

try {
  const connection = await connect({
    ...{ servers: task.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 },
    ...{ waitOnFirstConnect: true },
  });
  const js = jetstream(connection, { timeout: 1000 });
  const bucket = await new Kvm(js).open(names.bucket, { allow_direct: false });
  const store = natsJobStore(bucket, { job: task.job, lease: task.lease });
  const sink = natsSink<Entry>(js, {
    ...{ stream: names.rows, subject: names.rows, claims: bucket, headers },
  });

  let hasBegun = false;
  const load = async (rows: Entry[], context: LoadContext) => {
    await new Promise((resolve) => setTimeout(resolve, task.delay));
    await sink.load(rows, context);
    if (!hasBegun) console.log("began");
    hasBegun = true;
  };
  const job: Job<Part, number, Entry> = {
    name: task.job,
    split: function* () {
      for (let index = 0; index < task.partitions; index++) {
        yield { index, low: index * task.rows, high: (index + 1) * task.rows };
      }
    },
    id: ({ index }) => `part ${index}`,
    pipeline: ({ index, low, high }) => ({
      *extract() {
        for (let id = low; id < high; id++) {
          const isBroken = index === task.poison && id >= low + Math.floor(task.rows * 0.9);
          if (isBroken) throw new Error("This partition is broken");
          yield id;
        }
      },
      transform: (id) => {
        if (id % task.bad === 0) throw new Error("This row is broken");
        return { id, cents: id * 100 };
      },
      load: Object.assign(load, { [commitsTo]: sink.checkpoints }),
      replayable: true,
    }),
  };

  if (task.role === "coordinator") {
    console.log("began");
    console.log(JSON.stringify(await coordinate(job, { store })));
  } else {
    await work<Part, number, Entry>(job, {
      ...{ store, until: "done", lanes: 2, maxFailures: 2 },
      maxBegun: 100, // Workers are killed so often that their partitions are not to blame.
      run: {
        batchSize: 20 + Math.floor(Math.random() * 100), // Another one in each run.
        ...{ checkpoints: sink.checkpoints, guarantee: "effectively-once", lease: 500 },
        deadLetters: () => natsDeadLetters(js, { subject: names.letters }),
      },
    });
  }
  exit(0);
} catch (error) {
  console.error(error);
  exit(1);
}
