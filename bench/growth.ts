// Do the time per item and the memory stay constant with many items, workers and pipelines?
//   npm run bench -- growth
import { chunks, etl, EtlManager } from "./harness/library.ts";
import { liveHeap } from "./harness/garbage.ts";
import { checkSum, chunkStream, type Item, itemStream } from "./harness/sources.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";

const MILLION = 1_000_000;
const HEAP_SAMPLES = 40;

interface Setting {
  readonly items: number;
  readonly workers: number;
  readonly pipelines: number;
  /** Called with each id. Adds them up and, in some variants, measures the heap. */
  readonly onBatch?: (rows: readonly Item[]) => void;
}

/** Runs pipelines that share the items. A single one runs without a manager. */
async function runAll({ items, workers, pipelines, onBatch }: Setting): Promise<void> {
  const share = Math.ceil(items / pipelines);
  let sum = 0;
  const make = (name: string) =>
    etl({
      name,
      extract: () => itemStream(share),
      transform: (item) => ({ id: item.id }),
      load: async (rows) => {
        for (const row of rows) sum += row.id;
        onBatch?.(rows);
      },
    }, { batchSize: 100, workers });
  if (pipelines === 1) {
    await make("growth").run();
    return checkSum(sum, share);
  }
  const manager = new EtlManager({ workers: pipelines });
  for (let n = 0; n < pipelines; n++) manager.add(make(`growth ${n}`));
  await manager.runAll();
  checkSum(sum / pipelines, share);
}

/** Repeats runs of few items. Otherwise the cold code of the first items would dominate. */
function timeVariant(setting: Setting): Variant {
  const runs = Math.max(1, MILLION / setting.items);
  return {
    items: runs * setting.items,
    prepare: (items) => async () => {
      const start = performance.now();
      const own = { ...setting, items: Math.ceil(items / runs) };
      for (let run = 0; run < runs; run++) await runAll(own);
      return { nanoseconds: ((performance.now() - start) * 1e6) / items };
    },
  };
}

/** Keeps the largest live heap of all samples. Each sample forces a garbage collection. */
function watchHeap(items: number) {
  let [loaded, nextLook, peak] = [0, 0, liveHeap()];
  return {
    peak: () => peak,
    onBatch: (rows: readonly Item[]) => {
      loaded += rows.length;
      if (loaded < nextLook) return;
      nextLook += items / HEAP_SAMPLES;
      peak = Math.max(peak, liveHeap());
    },
  };
}

function heapVariant(items: number): Variant {
  return {
    items,
    prepare: (items) => async () => {
      const { onBatch, peak } = watchHeap(items);
      await runAll({ items, workers: 4, pipelines: 1, onBatch });
      return { peakHeap: peak() };
    },
  };
}

const chunkedHeap: Variant = {
  items: 10_000_000,
  prepare: (items) => async () => {
    const { onBatch: load, peak } = watchHeap(items);
    await etl({ name: "chunked", extract: () => chunks(chunkStream(items)), load })
      .run({ batchSize: 100, workers: 4 });
    return { peakHeap: peak() };
  },
};

const itemCounts = [10_000, 100_000, 1_000_000, 10_000_000];
const workerCounts = [1, 4, 16, 64];
const pipelineCounts = [1, 4, 16, 64];
const million = { items: MILLION, workers: 4, pipelines: 1 };
const count = (n: number) => n.toLocaleString("en");

const timed: readonly (readonly [string, Setting])[] = [
  ...itemCounts.map((items) => [`${count(items)} items`, { ...million, items }] as const),
  ...workerCounts.map((workers) => [`${workers} workers`, { ...million, workers }] as const),
  ...pipelineCounts.map((n) => [`${n} pipelines`, { ...million, pipelines: n }] as const),
];

const timeRows = timed.map(([title]): Comparison => ({
  title: `time of an item: ${title}`,
  variant: title,
  measure: "nanoseconds",
  unit: "ns",
}));
const heapName = (items: number) => `heap of ${count(items)} items`;
const heapRows = itemCounts.map((items): Comparison => ({
  title: `peak of the live ${heapName(items)}`,
  variant: heapName(items),
  measure: "peakHeap",
  unit: "MB",
}));

export const question: Question = {
  title: "Many items, many workers, many pipelines",
  method:
    "Unless the row says otherwise: a per-item ReadableStream, batches of 100, 4 workers and one " +
    `pipeline of a million items. The heap is measured ${HEAP_SAMPLES} times during a run, each ` +
    "time after a forced garbage collection. The largest value counts.",
  variants: {
    ...Object.fromEntries(timed.map(([title, setting]) => [title, timeVariant(setting)])),
    ...Object.fromEntries(itemCounts.map((items) => [heapName(items), heapVariant(items)])),
    "heap of 10,000,000 items in chunks": chunkedHeap,
  },
  comparisons: [
    ...timeRows,
    ...heapRows,
    {
      title: "peak of the live heap of 10,000,000 items in chunks",
      variant: "heap of 10,000,000 items in chunks",
      measure: "peakHeap",
      unit: "MB",
    },
    {
      title: "peak heap of 10 M items above that of 100 k items",
      variant: heapName(10_000_000),
      against: heapName(100_000),
      measure: "peakHeap",
      as: "difference",
      unit: "MB",
      atMost: 10,
    },
  ],
};
