// Kills workers and the coordinator of a job over and over, and looks for rows that are lost or twice,
// for letters that are lost, and for a report that counts wrong:
//   npm run test:crash-jobs -- [--kills 30] [--partitions 41] [--rows 1500] [--freezes 0.2]
// The processes take turns on Node, Deno and Bun. Jobs follow each other until all kills are done.
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { crashJob, isWhole } from "../test/crash/jobs-job.ts";
import { randomOf } from "../test/crash/random.ts";
import { startPostgres } from "../test/support/postgres/server.ts";

const options = {
  kills: { type: "string", default: "30" },
  partitions: { type: "string", default: "41" },
  rows: { type: "string", default: "1500" },
  freezes: { type: "string", default: "0" },
  workers: { type: "string", default: "3" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
};
const { values } = parseArgs({ args: argv.slice(2), options });
console.log(`seed ${values.seed}`);

const random = randomOf(Number(values.seed));
const partitions = Number(values.partitions);
const server = await startPostgres();
const sum = {
  jobs: 0,
  whole: 0,
  workers: 0,
  coordinators: 0,
  freezes: 0,
  lost: 0,
  twice: 0,
  miscounted: 0,
};
try {
  while (sum.workers + sum.coordinators + sum.freezes < Number(values.kills)) {
    const end = await crashJob(server.url, {
      ...{ job: `job ${sum.jobs}`, partitions, rows: Number(values.rows), bad: 1009, lease: 1000 },
      kills: Number(values.kills) - sum.workers - sum.coordinators - sum.freezes,
      ...{
        workers: Number(values.workers),
        delay: 40,
        longest: 1500,
        freezes: Number(values.freezes),
        runtimes: 3,
        random,
      },
    });
    console.dir(end, { depth: 4 });
    sum.jobs++;
    sum.whole += isWhole(end, partitions) ? 1 : 0;
    sum.workers += end.killedWorkers;
    sum.coordinators += end.killedCoordinators;
    for (const what of ["freezes", "lost", "twice", "miscounted"]) sum[what] += end[what];
  }
} finally {
  await server.stop();
}
console.log(
  `${sum.workers} workers and ${sum.coordinators} coordinators killed, ${sum.freezes} frozen in ${sum.jobs} jobs: ` +
    `${sum.lost} rows lost, ${sum.twice} twice, ${sum.miscounted} miscounted`,
);
if (sum.whole < sum.jobs) process.exitCode = 1;
