// Kills workers, the coordinator and the server of a job over and over, and looks for rows that are lost
// or twice, for letters that are lost, and for a report that counts wrong. Or kills the consumers of a
// queue and its server, and looks for messages that are lost or loaded twice:
//   npm run test:crash-nats -- [--kills 30] [--partitions 41] [--rows 1500] [--freezes 0.2] [--servers 2]
//   npm run test:crash-nats -- --messages 4000 [--kills 30] [--freezes 0.2] [--servers 2]
// The processes take turns on Node, Deno and Bun. Jobs, or queues, follow each other until all kills are
// done.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { crashNatsJob, isWholeNats } from "../test/crash/nats-job.ts";
import { crashNatsQueue, isWholeQueue } from "../test/crash/queue-job.ts";
import { randomOf } from "../test/crash/random.ts";
import { hasNatsServer, startNats } from "../test/support/nats/server.ts";

const options = {
  kills: { type: "string", default: "30" },
  partitions: { type: "string", default: "41" },
  rows: { type: "string", default: "1500" },
  messages: { type: "string", default: "0" }, // Of a queue, in place of a job.
  freezes: { type: "string", default: "0.2" },
  servers: { type: "string", default: "2" },
  workers: { type: "string", default: "3" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
};
const { values } = parseArgs({ args: argv.slice(2), options });
const numbers = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, +text]));
const { kills, partitions, rows, messages, freezes, workers } = numbers;
console.log(`seed ${values.seed}`);
if (!hasNatsServer) process.exit(1);

const random = randomOf(numbers.seed);
const server = await startNats();
const sum = {
  jobs: 0,
  whole: 0,
  killed: 0,
  freezes: 0,
  failed: 0,
  lost: 0,
  twice: 0,
  miscounted: 0,
};
const folder = mkdtempSync(join(tmpdir(), "millrace-queue-"));
/** Kills what works on one job, or one queue. */
async function crashOne(left) {
  const common = {
    ...{ job: `job-${sum.jobs}`, lease: 1000, delay: 40, kills: left, longest: 1500 },
    ...{ freezes, random, serverKills: numbers.servers },
  };
  if (messages > 0) {
    const queue = { ...common, folder, messages, consumers: workers };
    const end = await crashNatsQueue(server, queue);
    return { ...end, isWhole: isWholeQueue(end), miscounted: end.strange + end.open };
  }
  const end = await crashNatsJob(server, { ...common, partitions, rows, bad: 1009, workers });
  return { ...end, isWhole: isWholeNats(end, partitions) };
}
try {
  while (sum.killed + sum.freezes < kills) {
    const end = await crashOne(kills - sum.killed - sum.freezes);
    console.dir(end, { depth: 4 });
    sum.jobs++;
    sum.whole += end.isWhole ? 1 : 0;
    for (const what of ["killed", "freezes", "failed", "lost", "twice", "miscounted"]) {
      sum[what] += end[what];
    }
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `${sum.killed} processes killed, ${sum.freezes} frozen, ${sum.failed} begun again in ${sum.jobs} ${
    messages > 0 ? "queues" : "jobs"
  }: ` +
    `${sum.lost} rows lost, ${sum.twice} twice, ${sum.miscounted} miscounted`,
);
if (sum.whole < sum.jobs) process.exitCode = 1;
