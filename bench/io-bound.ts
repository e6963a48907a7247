// How close is a run to the ideal schedule when loads are slow?
//   npm run bench -- io-bound
import { etl } from "./harness/library.ts";
import { syncItems } from "./harness/sources.ts";
import { seededRandom } from "./harness/statistics.ts";
import type { Comparison, Measures, Question, Variant } from "./harness/question.ts";

const BATCH_SIZE = 10;
const SEED = 20_251_121;

/** Intended duration of the load of each batch, in milliseconds. */
type Durations = (batches: number) => number[];

const durationsOf: Readonly<Record<string, Durations>> = {
  "5 ms": (batches) => Array.from({ length: batches }, () => 5),
  "1-20 ms": (batches) => {
    const random = seededRandom(SEED);
    return Array.from({ length: batches }, () => 1 + 19 * random());
  },
};

/** Time at which the last load ends if each begins the moment a worker is free. */
function idealTime(durations: readonly number[], workers: number): number {
  const freeAt = new Float64Array(workers);
  for (const duration of durations) {
    const next = freeAt.indexOf(Math.min(...freeAt));
    freeAt[next]! += duration;
  }
  return Math.max(...freeAt);
}

/** Something that loads all batches: a run, or the shortest program that does the same. */
type Driver = (
  batches: number,
  workers: number,
  load: (batch: number) => Promise<void>,
) => Promise<unknown>;

const drivers: Readonly<Record<string, Driver>> = {
  "run()": (batches, workers, load) =>
    etl({
      name: "io",
      extract: () => syncItems(batches * BATCH_SIZE),
      load: (_, { batch }) => load(batch.sequence),
    }).run({ batchSize: BATCH_SIZE, workers }),
  "bare loops": async (batches, workers, load) => {
    let next = 0;
    const work = async () => {
      while (next < batches) await load(next++);
    };
    await Promise.all(Array.from({ length: workers }, work));
  },
};

function variantOf(driver: Driver, durations: Durations, workers: number): Variant {
  return {
    items: 2000 * workers,
    prepare: (items) => async () => {
      const batches = Math.ceil(items / BATCH_SIZE);
      const wanted = durations(batches);
      const taken = new Float64Array(batches);
      const start = performance.now();
      await driver(batches, workers, async (batch) => {
        const begin = performance.now();
        await new Promise((resolve) => setTimeout(resolve, wanted[batch]));
        taken[batch] = performance.now() - begin;
      });
      const time = performance.now() - start;
      if (taken.includes(0)) throw new Error("Not every batch was loaded");
      return compare(time, [...taken], wanted, workers);
    },
  };
}

/** Timers fire up to a millisecond late, so both the actual and the intended durations count. */
function compare(time: number, taken: number[], wanted: number[], workers: number): Measures {
  return {
    overIdeal: time / idealTime(taken, workers),
    overNominal: time / idealTime(wanted, workers),
  };
}

const variants: Record<string, Variant> = {};
const comparisons: Comparison[] = [];
for (const workers of [4, 16]) {
  for (const [title, durations] of Object.entries(durationsOf)) {
    for (const [name, driver] of Object.entries(drivers)) {
      const variant = `${name}, ${workers} workers, loads of ${title}`;
      variants[variant] = variantOf(driver, durations, workers);
      const isFloor = name === "run()" && workers === 4 && title === "5 ms";
      comparisons.push({
        title: `${variant}: time over the ideal schedule`,
        variant,
        measure: "overIdeal",
        ...(isFloor ? { atMost: 1.05 } : {}),
      });
      comparisons.push({
        title: `${variant}: over that of timers that are never late`,
        variant,
        measure: "overNominal",
      });
    }
  }
}

export const question: Question = {
  title: "Loads that wait",
  method:
    "Time of a run divided by the time of the ideal schedule. In that schedule each load takes as " +
    "long as it took, and begins the moment a worker is free. Bare loops are one async loop for " +
    "each worker, as in a program without a library.",
  variants,
  comparisons,
};
