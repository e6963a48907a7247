// Shows how far runs are, in the way that the first argument names, on Node, Deno and Bun.
import { spawnSync } from "node:child_process";
import process from "node:process";
import {
  type ProgressBar,
  type ProgressBars,
  showProgress,
} from "../../../src/adapters/progress.ts";
import { etl } from "../../../src/index.ts";

const way = process.argv[2]!;
const wait = (delay: number) => new Promise<void>((resolve) => void setTimeout(resolve, delay));

/** Starts a run of twenty items, which calls `at` with the number of each. */
function start(name: string, at: (item: number) => unknown = () => {}) {
  const extract = () => Array.from({ length: 20 }, (_, n) => n);
  const load = async ([item]: number[]) => {
    await wait(25);
    await at(item!);
  };
  return etl<number>({ name, extract, load }).start();
}

/** The terminal becomes narrow, and the run goes on once the runtime has seen it. */
async function narrow(item: number) {
  if (item !== 10) return;
  spawnSync("stty", ["cols", "20"], { stdio: "inherit" });
  while (process.stderr.columns !== 20) await wait(5);
}

const format = "{name} {state} [{bar}] {percentage}% {value}/{total} {rate}/s";
const options = { interval: 20, total: 20 };
async function cliProgress() {
  return (await import("cli-progress")).default;
}

async function single() {
  const { SingleBar } = await cliProgress();
  const bar: ProgressBar = new SingleBar({ format, fps: 50 });
  return bar;
}

async function multi() {
  const { MultiBar } = await cliProgress();
  const bars: ProgressBars = new MultiBar({ format, fps: 50 });
  return bars;
}

const fail = (item: number) => item === 10 ? Promise.reject(new Error("no")) : undefined;
const ways: Record<string, () => Promise<void>> = {
  line: () => showProgress(start("films"), undefined, options),
  plain: () => showProgress(start("films"), undefined, { total: 20 }),
  closed: async () => {
    const run = start("films");
    await showProgress(run, undefined, options);
    console.log(await run.finished.then(({ outcome }) => outcome));
  },
  lines: () => showProgress([start("films"), start("cities", fail)], undefined, options),
  narrow: () => showProgress(start("films", narrow), undefined, options),
  exit: () =>
    showProgress(start("films", (item) => item === 10 && process.exit(3)), undefined, options),
  drained: () => {
    const pressed = Promise.withResolvers<void>();
    const run = start("films", (item) => item < 10 ? wait(25) : pressed.promise);
    process.once("SIGINT", () => {
      run.drain().catch(() => {});
      pressed.resolve();
    });
    return showProgress(run, undefined, options);
  },
  killed: () => showProgress(start("films", () => wait(3_600_000)), undefined, options),
  bar: async () => showProgress(start("films"), await single(), options),
  failed: async () => showProgress(start("films", fail), await single(), options),
  bars: async () => showProgress([start("films"), start("cities", fail)], await multi(), options),
  "bars-of-it": async () => {
    const bars = await multi();
    const names = ["films", "cities"];
    await Promise.all(names.map((name) => showProgress(start(name), bars.create(0, 0), options)));
    if (bars.isActive) bars.stop();
  },
};
console.log("begin");
await ways[way]!();
console.log("end");
