// Do time and memory stay constant with many items, workers, pipelines, letters and partitions?
//   npm run bench -- growth
import { liveHeap } from "./harness/garbage.ts";
import * as jobs from "./harness/growing-jobs.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";

const MILLION = 1_000_000;
const TIMED_ITEMS = 2 * MILLION; // A job of fewer items is done that often.
const LONG = 10; // Times as many are timed in the job whose heap is looked at.
const MOST_ITEMS = 10 * MILLION; // More would take minutes.
const HEAP_SAMPLES = 40;

/** What grows. */
interface Growing {
  readonly name: string;
  readonly job: jobs.GrowingJob;
  /** The first is what the others are divided by. */
  readonly counts: readonly number[];
  /** How many items the job has with such a count; without it, a million. */
  readonly itemsOf?: (count: number) => number;
  /** So many are timed, if an item takes longer than most. */
  readonly timedItems?: number;
}

const itemsOf = ({ itemsOf }: Growing, count: number) => itemsOf?.(count) ?? MILLION;
const itself = (count: number) => count;
const itemsIn = (pipelines: number) => pipelines * jobs.ITEMS_PER_PIPELINE;
const lettersIn = (letters: number) => letters * jobs.ITEMS_PER_LETTER;
const tens = (from: number, to: number): number[] =>
  from > to ? [] : [from, ...tens(from * 10, to)];

const growing: readonly Growing[] = [
  { name: "items", job: jobs.items, counts: tens(1e4, 1e8), itemsOf: itself },
  { name: "items in chunks", job: jobs.inChunks, counts: tens(1e4, 1e8), itemsOf: itself },
  { name: "workers", job: jobs.workers, counts: [1, 4, 16, 64, 256] },
  { name: "pipelines", job: jobs.pipelines, counts: tens(1, 1000), itemsOf: itemsIn },
  {
    name: "items behind a stuck batch",
    job: jobs.stuck,
    counts: tens(1e4, 1e6),
    itemsOf: itself,
  },
  {
    name: "dead letters of a transform",
    job: jobs.lettersOfTransform,
    counts: tens(1e4, 1e6),
    itemsOf: lettersIn,
    timedItems: MILLION,
  },
  {
    name: "dead letters of a load",
    job: jobs.lettersOfLoad,
    counts: tens(1e4, 1e5),
    itemsOf: lettersIn,
    timedItems: MILLION / 10,
  },
  {
    name: "partitions of a job",
    job: jobs.partitions,
    counts: tens(100, 1e5),
    itemsOf: itself,
    timedItems: 100_000,
  },
];

/** Keeps the most that is alive at any look; each look collects the garbage by force. */
function watchHeap(items: number) {
  let [done, nextLook, peak, spent] = [0, 0, 0, 0];
  return {
    result: () => ({ peakHeap: peak, spent }),
    onItems: (count: number) => {
      done += count;
      if (done < nextLook) return;
      nextLook += items / HEAP_SAMPLES;
      const start = performance.now();
      peak = Math.max(peak, liveHeap());
      spent += performance.now() - start;
    },
  };
}

/**
 * Time first, then memory in a job of its own, as the collections make one slow. Of a long one they
 * are a small part: it is done once, and their time is taken off.
 */
function variantOf(growth: Growing, count: number): Variant {
  const { job, timedItems = TIMED_ITEMS } = growth;
  const full = itemsOf(growth, count);
  return {
    items: Math.max(full, timedItems),
    ...(full > MOST_ITEMS && { onlyOn: "node24", onlyAtFullScale: true }),
    prepare: (all) => async () => {
      const items = Math.min(full, all);
      const times = items >= LONG * timedItems ? 0 : Math.max(1, Math.round(all / items));
      const start = performance.now();
      for (let time = 0; time < times; time++) await job({ items, count, onItems: () => {} });
      const end = performance.now();
      const watch = watchHeap(items);
      const measures = await job({ items, count, onItems: watch.onItems });
      const { peakHeap, spent } = watch.result();
      const elapsed = times > 0 ? end - start : performance.now() - end - spent;
      return { nanoseconds: elapsed * 1e6 / (items * Math.max(1, times)), peakHeap, ...measures };
    },
  };
}

const titleOf = ({ name }: Growing, count: number) => `${count.toLocaleString("en")} ${name}`;

/** What is measured of each, with the unit of the smallest. */
const measures = [
  { measure: "nanoseconds", what: "time of an item", unit: "ns", panel: "Time of an item" },
  { measure: "peakHeap", what: "peak of the live heap", unit: "MB", panel: "Memory" },
  { measure: "checkpoint", what: "the longest checkpoint", unit: "bytes", panel: "Memory" },
] as const;

/** The value of the smallest count, and what the others are of it. */
function rowsOf(growth: Growing): Comparison[] {
  const [smallest] = growth.counts as [number];
  return measures.filter(({ measure }) => measure !== "checkpoint" || growth.job === jobs.stuck)
    .flatMap(({ measure, what, unit, panel }) => {
      const line = measure === "checkpoint" ? "checkpoint behind a stuck batch" : growth.name;
      return growth.counts.map((count): Comparison => ({
        title: `${what}: ${titleOf(growth, count)}`,
        variant: titleOf(growth, count),
        measure,
        ...(count === smallest ? { unit } : { against: titleOf(growth, smallest) }),
        point: { panel, line, count },
      }));
    });
}

/** Memory that has to stay the same: by how much the heap may grow. */
const heldRows = ([
  ["items", 1e7, 1e5],
  ["items behind a stuck batch", 1e6, 1e4],
  ["dead letters of a transform", 1e6, 1e4],
] as const).map(([name, many, few]): Comparison => {
  const growth = growing.find((one) => one.name === name)!;
  return {
    title: `peak heap of ${titleOf(growth, many)} above that of ${few.toLocaleString("en")}`,
    variant: titleOf(growth, many),
    against: titleOf(growth, few),
    measure: "peakHeap",
    as: "difference",
    unit: "MB",
    atMost: 10,
  };
});

export const question: Question = {
  title: "Much of everything: items, workers, pipelines, letters, partitions",
  method:
    "Per-item ReadableStream, batches of 100, 4 workers and one pipeline of a million items unless " +
    "the line says otherwise; one of 10 items is a dead letter, each with a message of its own, and a partition has one item. " +
    "Each value is divided by that of the smallest count of its line. " +
    `The heap is looked at ${HEAP_SAMPLES} times within a run, each time after a forced ` +
    "collection, and the largest value counts.",
  variants: Object.fromEntries(
    growing.flatMap((growth) =>
      growth.counts.map((count) => [titleOf(growth, count), variantOf(growth, count)])
    ),
  ),
  comparisons: [...growing.flatMap(rowsOf), ...heldRows],
};
