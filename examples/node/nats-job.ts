// Squares the numbers below 10,000 in a job. Start it with "work" in several terminals, and once
// without. NATS stores the job, and each square once, even if processes are killed. Needs:
// nats-server -js
//
// Run: node examples/node/nats-job.ts work & node examples/node/nats-job.ts
// Last line: 10000 squares in 20 partitions
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect, headers } from "@nats-io/transport-node";
import { coordinate, type Job, work } from "millrace/jobs";
import { natsJobStore, natsSink } from "millrace/nats";
import process from "node:process";

const servers = process.env["NATS_URL"] ?? "localhost";
const name = process.env["JOB"] ?? `squares ${new Date().toISOString().slice(0, 10)}`;
const connection = await connect({ servers, maxReconnectAttempts: -1 });
const js = jetstream(connection);
const manager = await jetstreamManager(connection);
await manager.streams.add({ name: "SQUARES", subjects: ["squares.>"] });
const bucket = await new Kvm(connection).create("squares", { allow_direct: false });

interface Square {
  readonly n: number;
  readonly square: number;
}
const options = { stream: "SQUARES", subject: "squares", claims: bucket, headers };
const sink = natsSink<Square>(js, options);
const job: Job<number, number, Square> = {
  name,
  split: function* () {
    for (let low = 0; low < 10_000; low += 500) yield low;
  },
  id: (low) => `from ${low}`,
  pipeline: (low) => ({
    extract: () => Array.from({ length: 500 }, (_, index) => low + index),
    transform: (n) => ({ n, square: n * n }),
    load: sink.load,
  }),
};
const store = natsJobStore(bucket, { job: name });

if (process.argv[2] === "work") {
  const run = { batchSize: 100, checkpoints: sink.checkpoints };
  console.log(await work(job, { store, lanes: 2, until: "done", run }));
} else {
  const { loaded, partitions } = await coordinate(job, { store });
  console.log(`${loaded} squares in ${partitions.completed} partitions`);
}
await connection.drain();
