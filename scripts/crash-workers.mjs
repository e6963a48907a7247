// Kills workerd while Durable Objects import rows by alarm, into their own storage, D1 and R2, and
// evicts them right after commits, and looks for rows that are lost or twice:
//   npm run test:crash-workers -- [--kills 20] [--rows 400000] [--seed 1] [--date 2024-12-16]
//     [--kind object] [--kind D1] [--kind R2]
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { randomOf } from "../test/crash/random.ts";
import { crashWorkers } from "../test/crash/workers-job.ts";
import { workerdDates } from "./runtimes.mjs";

const options = {
  kills: { type: "string", default: "20" },
  rows: { type: "string", default: "400000" },
  seed: { type: "string", default: `${Date.now() % 1e6}` },
  kind: { type: "string", multiple: true, default: ["object", "D1", "R2"] },
  date: { type: "string", default: workerdDates[1] },
};
const { values } = parseArgs({ args: argv.slice(2), options });
console.log(`seed ${values.seed}`);

const end = await crashWorkers({
  ...{ kinds: values.kind, rows: Number(values.rows), kills: Number(values.kills) },
  date: values.date,
  random: randomOf(Number(values.seed)),
});
const { kills, evicted, imports, lost, duplicates } = end;
console.log(
  `${kills} kills, ${evicted} evictions, ${imports} whole imports: ` +
    `${lost} rows lost, ${duplicates} twice`,
);
if (lost + duplicates > 0) process.exitCode = 1;
