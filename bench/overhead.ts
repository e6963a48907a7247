// What does run() cost beyond reading the source, for each kind of source and batch size, and
// beyond the same work by hand?
//   npm run bench -- overhead --rounds 3 --runtime node24,deno,bun
import { etl } from "./harness/library.ts";
import {
  bareLoop,
  checkSum,
  chunkStream,
  type Item,
  itemStream,
  sources,
} from "./harness/sources.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";

type Transform = (item: Item) => Item | Promise<Item>;

const BATCH_BY_HAND = 100;
const copyOf = (item: Item): Item => ({ id: item.id });
const transforms: Readonly<Record<string, Transform>> = {
  "sync": copyOf,
  "async": async (item) => ({ id: item.id }),
};
const batchSizes = [1, 10, 100, 1000];

/** Enough items for about half a second, so that each variant gets a similar share of the time. */
function itemsFor(kind: string, transform: string, batchSize: number): number {
  if (batchSize === 1) return 500_000;
  if (transform === "async") return 1_000_000;
  return kind === "chunks()" || kind === "iterable" ? 8_000_000 : 2_000_000;
}

function runVariant(kind: string, transform: string, batchSize: number): Variant {
  return {
    items: itemsFor(kind, transform, batchSize),
    prepare(items) {
      const source = sources[kind]!(items);
      let sum = 0;
      const pipeline = etl({
        name: "overhead",
        extract: () => source,
        transform: transforms[transform]!,
        load: async (rows) => {
          for (const row of rows) sum += row.id;
        },
      });
      return async () => {
        await pipeline.run({ batchSize, workers: 4 }); // With the default timer of 5 s.
        checkSum(sum, items);
      };
    },
  };
}

type Load = (rows: Item[]) => Promise<void>;

/** The code you would write without a library: one load at a time, no timer, no report, no stop. */
async function itemsByHand(stream: ReadableStream<Item>, load: Load): Promise<void> {
  const reader = stream.getReader();
  let batch: Item[] = [];
  for (let result = await reader.read(); !result.done; result = await reader.read()) {
    if (batch.push(result.value) < BATCH_BY_HAND) continue;
    await load(batch.map(copyOf));
    batch = [];
  }
  await load(batch.map(copyOf));
}

/** The same from a stream of arrays. */
async function chunksByHand(stream: ReadableStream<Item[]>, load: Load): Promise<void> {
  const reader = stream.getReader();
  let batch: Item[] = [];
  for (let result = await reader.read(); !result.done; result = await reader.read()) {
    for (const item of result.value) {
      if (batch.push(item) < BATCH_BY_HAND) continue;
      await load(batch.map(copyOf));
      batch = [];
    }
  }
  await load(batch.map(copyOf));
}

const byHand: Readonly<Record<string, (items: number, load: Load) => Promise<void>>> = {
  "ReadableStream": (items, load) => itemsByHand(itemStream(items), load),
  "chunks()": (items, load) => chunksByHand(chunkStream(items), load),
};

function variantByHand(kind: string): Variant {
  const work = byHand[kind]!;
  return {
    items: itemsFor(kind, "sync", BATCH_BY_HAND),
    prepare: (items) => async () => {
      let sum = 0;
      await work(items, async (rows) => {
        for (const row of rows) sum += row.id;
      });
      checkSum(sum, items);
    },
  };
}

const bare = "bare read() loop";
const nameOf = (kind: string, transform: string, batchSize: number) =>
  `${kind}, ${transform} transform, batch ${batchSize}`;

const variants: Record<string, Variant> = {
  [bare]: { items: 2_000_000, prepare: (items) => () => bareLoop(items) },
};
const nameByHand = (kind: string) => `${kind}, by hand, batch ${BATCH_BY_HAND}`;
for (const kind of Object.keys(byHand)) variants[nameByHand(kind)] = variantByHand(kind);
for (const kind of Object.keys(sources)) {
  for (const transform of Object.keys(transforms)) {
    for (const size of batchSizes) {
      variants[nameOf(kind, transform, size)] = runVariant(kind, transform, size);
    }
  }
}

/** All sources have batches of 100. Only the two kinds of stream have other sizes too. */
function isShown(kind: string, transform: string, size: number): boolean {
  if (size === 100) return true;
  return kind === "ReadableStream" || (kind === "chunks()" && transform === "sync");
}

const floors: Readonly<Record<string, Partial<Comparison>>> = {
  [nameOf("ReadableStream", "sync", 100)]: { atLeast: 0.85, note: "the goal is 0.95" },
  // If Node's bare loop does 7.5 M items/s, etl-rust does about 2.35 M on tokio.
  [nameOf("chunks()", "sync", 100)]: {
    atLeast: 6.3,
    floorOf: "node",
    note: "this ratio was 20 times etl-rust",
  },
};

const comparisons = Object.keys(sources).flatMap((kind) =>
  Object.keys(transforms).flatMap((transform) =>
    batchSizes.filter((size) => isShown(kind, transform, size)).map((size): Comparison => {
      const variant = nameOf(kind, transform, size);
      return { title: variant, variant, against: bare, ...floors[variant] };
    })
  )
);
for (const kind of Object.keys(byHand)) {
  const [run, hand] = [nameOf(kind, "sync", BATCH_BY_HAND), nameByHand(kind)];
  comparisons.push(
    { title: hand, variant: hand, against: bare, note: "one load at a time, no timer" },
    { title: `${run}, against by hand`, variant: run, against: hand },
  );
}
comparisons.push({ title: "the bare loop itself", variant: bare, unit: "items/s" });

export const question: Question = {
  title: "run() against the bare read() loop",
  method:
    "Items per second of a run, divided by those of a loop over `reader.read()` on the per-item " +
    "ReadableStream. The run has 4 workers and a timer, and its async load adds up the ids. The " +
    "loop by hand is the code you would write without a library: it maps and loads one batch of " +
    "100 after the other.",
  times: 3,
  variants,
  comparisons,
};
