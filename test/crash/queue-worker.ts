// Loads the messages of a queue of NATS into a table of SQLite until nothing is left, on Node, Deno and
// Bun: `queue-worker.ts <task as JSON>`. It prints a line after its first commit; its parent may kill it,
// and the server, at any moment.
import { argv, exit } from "node:process";
import { DatabaseSync } from "node:sqlite";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { natsSource } from "../../src/adapters/nats.ts";
import { sqliteSink } from "../../src/adapters/sqlite.ts";
import { etl } from "../../src/index.ts";
import type { QueueTask } from "./queue-job.ts";

const task = JSON.parse(argv[2]!) as QueueTask;
try {
  const db = new DatabaseSync(task.path, { timeout: 5000 });
  db.exec("pragma synchronous = normal");
  const connection = await connect({
    ...{ servers: task.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 },
    ...{ waitOnFirstConnect: true },
  });
  const consumer = await jetstream(connection, { timeout: 5000 }).consumers.get(task.job, "etl");
  const sink = sqliteSink(db, { table: "output", columns: ["id", "attempt"] });
  let hasBegun = false;
  const load = sink.wrap<{ id: number; attempt: number }>(async (rows, _context, load) => {
    await new Promise((resolve) => setTimeout(resolve, task.delay));
    load(rows);
    if (!hasBegun) console.log("began");
    hasBegun = true;
  });
  await etl({
    name: task.job,
    extract: () => natsSource<{ id: number }>(consumer, { batch: 40, until: "idle" }),
    transform: ({ data: { id }, attempt }) => ({ id, attempt }),
    load,
  }).run({
    batchSize: 10 + Math.floor(Math.random() * 40),
    ...{ timeout: 100, workers: 2, guarantee: "effectively-once" },
  });
  await connection.close();
  exit(0);
} catch (error) {
  console.error(error);
  exit(1);
}
