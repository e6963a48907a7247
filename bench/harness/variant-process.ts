// The process of one variant: `variant-process.ts <question> <variant> <scale>`. It warms up with a
// tenth of the items, collects the garbage, does the job, and prints the measures last. If the
// job is repeated, the fastest time counts: other work on the machine only makes it slower.
import { argv, cpuUsage, exit, stdout } from "node:process";
import { collectGarbage } from "./garbage.ts";
import type { Question } from "./question.ts";

const [questionName, variantName = "", scale] = argv.slice(2);
const { question } = await import(`../${questionName}.ts`) as { question: Question };
const variant = question.variants[variantName];
if (variant === undefined) throw new Error(`${questionName} has no variant "${variantName}"`);

const items = Math.max(10, Math.round(variant.items * Number(scale)));
const warmUp = await variant.prepare(Math.ceil(items / 10));
await warmUp();
let best: { rate: number } | undefined;
let cpuRate = 0; // Its maximum may come from another repetition.
for (let time = 0; time < (question.times ?? 1); time++) {
  const job = await variant.prepare(items);
  collectGarbage();
  const cpuBefore = cpuUsage();
  const start = performance.now();
  const measures = await job();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = cpuUsage(cpuBefore);
  cpuRate = Math.max(cpuRate, items * 1e6 / (user + system));
  // A job that handles its items many times reports its own rate.
  const all = { rate: items / seconds, seconds, ...measures };
  if (best === undefined || all.rate > best.rate) best = all;
}
const line = JSON.stringify({ ...best, cpuRate });
stdout.write(`\n${line}\n`, () => exit()); // Some peers leave a timer running.
