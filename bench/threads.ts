// What does a row cost in a thread, and how much work must it take for a thread to pay off?
//   npm run bench -- threads --runtime node24,deno,bun
import { cpuUsage } from "node:process";
import { etl } from "./harness/library.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";
import compute, { inThreads, type Row } from "./harness/thread-rows.ts";

const BATCH_SIZE = 250;
const module = new URL("./harness/thread-rows.ts", import.meta.url);

/** Rounds of work per row, by their approximate processor time in microseconds. */
const work: Readonly<Record<string, number>> = {
  "no work": 0,
  "3 µs": 2000,
  "10 µs": 6600,
  "40 µs": 26_500,
  "160 µs": 106_000,
};

/** Enough rows for about half a second. */
const itemsOf = (rounds: number) => Math.min(200_000, Math.round(330e6 / Math.max(rounds, 1)));

/** A run in `size` threads; 0 is inline. */
function variant(rounds: number, size: number): Variant {
  return {
    items: itemsOf(rounds),
    async prepare(items) {
      const rows = Array.from({ length: items }, (_, id): Row => {
        return { id, name: `row ${id}`, price: id / 3, rounds };
      });
      let count = 0;
      const load = (loaded: Row[]) => void (count += loaded.length);
      const threads = size === 0 ? undefined : inThreads<typeof compute>(module, { size });
      const { signal } = new AbortController();
      await threads?.(rows.slice(0, 250), { signal }); // Starts and warms up the threads.
      const pipeline = threads === undefined
        ? etl({ name: "rows", extract: () => rows, transform: compute, load })
        : etl({ name: "rows", extract: () => rows, transformBatch: threads, load });
      return async () => {
        const before = cpuUsage();
        await pipeline.run({ batchSize: BATCH_SIZE, workers: 2 * Math.max(size, 1) });
        const { user, system } = cpuUsage(before);
        await threads?.close();
        if (count !== items) throw new Error(`${count} of ${items} rows came through`);
        return { cpu: (user + system) / items };
      };
    },
  };
}

const sizes: Readonly<Record<string, number>> = { inline: 0, "1 thread": 1, "2 threads": 2 };
const variants = Object.entries(work).flatMap(([name, rounds]) =>
  Object.entries(sizes).map(([place, size]) =>
    [`${name}, ${place}`, variant(rounds, size)] as const
  )
);

const comparisons: Comparison[] = Object.keys(work).flatMap((name) => [
  {
    title: `${name}: 2 threads against inline`,
    variant: `${name}, 2 threads`,
    against: `${name}, inline`,
    ...(name === "160 µs" && { atLeast: 1.8 }),
  },
  {
    title: `${name}: 2 threads against 1`,
    variant: `${name}, 2 threads`,
    against: `${name}, 1 thread`,
  },
  {
    title: `${name}: time of a processor for each row, inline`,
    variant: `${name}, inline`,
    measure: "cpu",
    unit: "µs",
  },
  {
    title: `${name}: more of it in 1 thread`,
    variant: `${name}, 1 thread`,
    against: `${name}, inline`,
    measure: "cpu",
    as: "difference",
    unit: "µs",
  },
]);

export const question: Question = {
  title: "Rows in threads",
  method: "Rows of four fields go through run() in batches of 250, with twice as many batches in " +
    "flight as there are threads. Each row takes the work given in its title. Ratios compare rows " +
    "per second. Processor time is that of all threads of the process.",
  times: 3,
  variants: Object.fromEntries(variants),
  comparisons,
};
