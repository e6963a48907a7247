// How long does an item wait between its arrival and its load?
//   npm run bench -- latency
import { etl } from "./harness/library.ts";
import { quantile } from "./harness/statistics.ts";
import type { Comparison, Measures, Question, Variant } from "./harness/question.ts";

const TIMEOUT = 50; // ms
const BATCH_SIZE = 100;

/** An item with its time of arrival. */
interface Stamped {
  readonly at: number;
}

const stamp = (): Stamped => ({ at: performance.now() });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Too few items to fill a batch: the timer closes them. */
async function* trickle(items: number): AsyncGenerator<Stamped> {
  for (let n = 0; n < items; n++) {
    await sleep(4);
    yield stamp();
  }
}

/** A burst every few milliseconds: batches fill, and the last one of a burst stays open. */
async function* bursts(items: number): AsyncGenerator<Stamped> {
  for (let n = 0; n < items; n++) {
    if (n % 250 === 0) await sleep(5);
    yield stamp();
  }
}

/** There is always another item: only the run holds the source back. */
function saturated(items: number): ReadableStream<Stamped> {
  let n = 0;
  return new ReadableStream<Stamped>({
    pull(controller) {
      if (n++ < items) controller.enqueue(stamp());
      else controller.close();
    },
  });
}

type Arrivals = (items: number) => AsyncIterable<Stamped> | ReadableStream<Stamped>;

function variantOf(items: number, arrivals: Arrivals, loadTime?: number): Variant {
  return {
    items,
    prepare: (items) => async () => {
      const waits = new Float64Array(items);
      const firstWaits: number[] = []; // Of the first item in each batch that the timer closed.
      let loaded = 0;
      await etl({
        name: "latency",
        extract: () => arrivals(items),
        load: async (batch) => {
          const now = performance.now();
          for (const { at } of batch) waits[loaded++] = now - at;
          const isTimed = batch.length < BATCH_SIZE && loaded < items;
          if (isTimed) firstWaits.push(now - batch[0]!.at);
          if (loadTime !== undefined) await sleep(loadTime);
        },
      }).run({ batchSize: BATCH_SIZE, timeout: TIMEOUT, workers: 4 });
      if (loaded !== items) throw new Error(`${loaded} of ${items} items were loaded`);
      return measuresOf(waits, firstWaits);
    },
  };
}

function measuresOf(waits: Float64Array, firstWaits: readonly number[]): Measures {
  const of = { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) };
  if (firstWaits.length === 0) return of;
  const late = firstWaits.map((wait) => wait - TIMEOUT);
  return { ...of, lateP50: quantile(late, 0.5), lateP99: quantile(late, 0.99) };
}

const variants: Record<string, Variant> = {
  "one item every 4 ms": variantOf(500, trickle),
  "250 items every 5 ms": variantOf(50_000, bursts),
  "always ready, instant loads": variantOf(500_000, saturated),
  "always ready, loads of 2 ms": variantOf(100_000, saturated, 2),
};

function rowsOf(variant: string, measures: Readonly<Record<string, string>>): Comparison[] {
  return Object.entries(measures).map(([measure, words]) => ({
    title: `${variant}: ${words}`,
    variant,
    measure,
    unit: "ms",
  }));
}

const waits = { p50: "median wait", p99: "99 of 100 wait less than" };
const lateness = {
  lateP50: "median delay of a timed flush",
  lateP99: "99 of 100 timed flushes are late by less than",
};

export const question: Question = {
  title: "From arrival to load",
  method:
    `Batches of ${BATCH_SIZE}, 4 workers, a timer of ${TIMEOUT} ms. The wait of an item ends ` +
    "when its load begins. The lateness of a timed flush is the time for which the first item of " +
    "the batch waited beyond the timer.",
  variants,
  comparisons: Object.keys(variants).flatMap((variant) =>
    rowsOf(variant, variant.startsWith("one") ? { ...waits, ...lateness } : waits)
  ),
};
