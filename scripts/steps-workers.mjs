// Imports an object of R2 into D1 in workerd, step by step, each an invocation of its own, and tells
// what part of the time goes before the first row of a step, and whether later steps are slower:
//   node scripts/steps-workers.mjs [--rows 100000] [--duration 500] [--resume source]
// One million rows in steps of two seconds: --rows 1000000 --duration 2000.
import process, { argv } from "node:process";
import { parseArgs } from "node:util";
import { MiniflareProcess } from "../test/support/cloudflare/miniflare-process.ts";
import { workerdDates } from "./runtimes.mjs";

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    rows: { type: "string", default: "100000" },
    duration: { type: "string", default: "500" },
    resume: { type: "string", default: "source" },
  },
});
const { rows, duration, resume } = values;
const workerd = new MiniflareProcess();
try {
  await workerd.open('export { default } from "./test/support/cloudflare/steps-worker.ts";', {
    compatibilityDate: workerdDates[1],
    d1Databases: { DB: "db" },
    r2Buckets: { BUCKET: "bucket" },
  });
  await fetch(`${workerd.url}fill?rows=${rows}`);
  const steps = [];
  for (let isDone = false; !isDone;) {
    const response = await fetch(`${workerd.url}step?duration=${duration}&resume=${resume}`);
    if (!response.ok) throw new Error(await response.text());
    const step = await response.json();
    ({ isDone } = step);
    steps.push(step);
    const { loaded, ms, skippedMs } = step;
    console.log(
      `step ${steps.length}: ${loaded} rows in ${ms} ms, ${skippedMs} ms until the first`,
    );
  }
  tell(steps, await (await fetch(`${workerd.url}count`)).json());
} finally {
  await workerd.close();
}

function tell(steps, { n, ids }) {
  const sum = (name) => steps.reduce((all, step) => all + step[name], 0);
  const share = 100 * sum("skippedMs") / sum("ms");
  const whole = steps.slice(0, -1); // The last one ends early.
  const quarter = Math.ceil(whole.length / 4);
  const rate = (some) =>
    some.reduce((all, { ms }) => all + ms, 0) / some.reduce((all, { loaded }) => all + loaded, 0);
  const growth = rate(whole.slice(-quarter)) / rate(whole.slice(0, quarter));
  console.log(
    `${steps.length} steps, ${n} rows, ${ids} different; ${
      share.toFixed(1)
    } % of the time before ` +
      `the first row; a row of the last quarter took ${growth.toFixed(2)} of one of the first`,
  );
  if (n !== Number(rows) || ids !== n) process.exitCode = 1;
}
