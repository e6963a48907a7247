// Kills workerd while a Durable Object imports rows by alarm, into its own storage and into D1, and
// evicts the objects right after commits, and looks for rows that are lost or twice:
//   npm run test:crash-workers -- [--kills 20] [--rows 400000] [--seed 1] [--date 2024-12-16]
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { randomOf } from "../test/crash/random.ts";
import { crashWorkers } from "../test/crash/workers-job.ts";
import { workerdDates } from "./runtimes.mjs";

const options = {
  kills: { type: "string", default: "20" },
  rows: { type: "string", default: "400000" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
  date: { type: "string", default: workerdDates[1] },
};
const { values } = parseArgs({ args: argv.slice(2), options });
console.log(`seed ${values.seed}`);

const end = await crashWorkers({
  ...{ rows: Number(values.rows), kills: Number(values.kills), date: values.date },
  random: randomOf(Number(values.seed)),
});
const { kills, evicted, imports, lost, duplicates } = end;
console.log(
  `${kills} kills, ${evicted} evictions, ${imports} whole imports: ` +
    `${lost} rows lost, ${duplicates} twice`,
);
if (lost + duplicates > 0) process.exitCode = 1;
