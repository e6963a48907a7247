// How does run() compare with the loop you would write by hand?
//   npm run bench -- byhand --rounds 3 --runtime node24,deno,bun
//   npm run bench -- byhand --short --runtime bun
import type * as Ndjson from "../src/adapters/ndjson.ts";
import type { Source } from "../src/index.ts";
import {
  chunksByHand,
  generatorByHand,
  iterableByHand,
  LOADS,
  streamByHand,
  type Work,
} from "./harness/hand-loops.ts";
import { chunks, etl } from "./harness/library.ts";
import { asyncItems, type Item, syncItems } from "./harness/sources.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";

const built = new URL("./dist/adapters/ndjson.js", import.meta.url).href;
const { lines }: typeof Ndjson = await import(built);

const ways = ["run()", "by hand"] as const;
type Way = typeof ways[number];

/** A kind of source, with its own items and rows. */
interface Kind<I, O> {
  /** Enough items for about 150 ms. */
  readonly items: number;
  source(items: number): Source<I>;
  byHand(items: number, work: Work<I, O>): Promise<void>;
  transform(item: I): O;
  /** The number of a row that is added up. */
  amountOf(row: I | O): number;
}

/** A row of the table, which differs in one thing from the middle of the table. */
interface Line {
  readonly kind: string;
  readonly batchSize: number;
  readonly transform: "sync" | "async" | "no";
  /** Whether the process first ran other kinds of sources, like a program with several pipelines. */
  readonly isMixed: boolean;
}

/** A stream that has this many items in its queue whenever it is read. */
function queuedStream(items: number, highWaterMark: number): ReadableStream<Item> {
  let id = 0;
  return new ReadableStream<Item>({
    pull(controller) {
      do {
        if (id === items) return controller.close();
        controller.enqueue({ id: id++ });
      } while (controller.desiredSize! > 0);
    },
  }, { highWaterMark });
}

/** A stream of arrays, as a cursor or a parsed file yields them. */
function arrayStream(items: number, size: number): ReadableStream<Item[]> {
  let id = 0;
  return new ReadableStream<Item[]>({
    pull(controller) {
      if (id >= items) return controller.close();
      const chunk: Item[] = [];
      const end = Math.min(items, id + size);
      while (id < end) chunk.push({ id: id++ });
      controller.enqueue(chunk);
    },
  });
}

const LINES_PER_CHUNK = 1000;
const page = new TextEncoder().encode(
  Array.from({ length: LINES_PER_CHUNK }, (_, id) => `{"id":${id},"name":"User ${id}"}\n`).join(""),
);

/** Bytes as a response yields them: chunks of about 32 KB, some of them already waiting. */
function body(items: number): ReadableStream<Uint8Array> {
  let left = items / LINES_PER_CHUNK;
  return new ReadableStream<Uint8Array>({
    pull: (controller) => left-- > 0 ? controller.enqueue(page.slice()) : controller.close(),
  }, { highWaterMark: 4 });
}

const ofItems = {
  transform: ({ id }: Item) => id * 2,
  amountOf: (row: Item | number) => typeof row === "number" ? row : row.id * 2,
};

function queued(size: number): Kind<Item, number> {
  return {
    ...ofItems,
    items: 600_000,
    source: (items) => queuedStream(items, size),
    byHand: (items, work) => streamByHand(queuedStream(items, size), work),
  };
}

function chunked(size: number): Kind<Item, number> {
  return {
    ...ofItems,
    items: 4_000_000,
    source: (items) => chunks(arrayStream(items, size)),
    byHand: (items, work) => chunksByHand(arrayStream(items, size), work),
  };
}

const lengthOf = (line: string) => line.length;
const linesOf = (items: number) => lines(body(items));
const ofLines: Kind<string, number> = {
  items: 2_000_000,
  source: linesOf,
  byHand: (items, work) => chunksByHand(linesOf(items).source as ReadableStream<string[]>, work),
  transform: lengthOf,
  amountOf: (row) => typeof row === "number" ? row : row.length,
};

// deno-lint-ignore no-explicit-any -- each kind has its own type of items
const kinds: Readonly<Record<string, Kind<any, number>>> = {
  "stream with a queue of 1": queued(1),
  "stream with a queue of 16": queued(16),
  "stream with a queue of 256": queued(256),
  "bytes through lines()": ofLines,
  "async generator": {
    ...ofItems,
    items: 800_000,
    source: asyncItems,
    byHand: (items, work) => generatorByHand(asyncItems(items), work),
  },
  "iterable": {
    ...ofItems,
    items: 3_000_000,
    source: syncItems,
    byHand: (items, work) => iterableByHand(syncItems(items), work),
  },
  "chunks of 16": chunked(16),
  "chunks of 256": chunked(256),
  "chunks of 4096": chunked(4096),
};

/** The kinds that a mixed process runs first, and the number of items of each. */
const before = [
  "stream with a queue of 1",
  "stream with a queue of 256",
  "async generator",
  "iterable",
  "chunks of 256",
];
const ITEMS_BEFORE = 100_000;

const middle = { batchSize: 100, transform: "sync", isMixed: false } as const;

/** Varies one thing at a time around the middle of the table. */
const table: readonly Line[] = [
  ...Object.keys(kinds).map((kind) => ({ ...middle, kind })),
  ...[...before, "bytes through lines()"].map((kind) => ({ ...middle, kind, isMixed: true })),
  ...["stream with a queue of 256", "iterable", "chunks of 256"].flatMap((kind) =>
    [10, 1000].map((batchSize) => ({ ...middle, kind, batchSize }))
  ),
  ...["stream with a queue of 256", "chunks of 256"].flatMap((kind) =>
    (["async", "no"] as const).map((transform) => ({ ...middle, kind, transform }))
  ),
];

const titleOf = ({ kind, transform, batchSize, isMixed }: Line) =>
  `${kind}, ${transform} transform, batch ${batchSize}${isMixed ? ", after other kinds" : ""}`;

/** Does the work of a line once. Returns the sum of the loaded rows. */
async function work(line: Line, way: Way, items: number): Promise<number> {
  const kind = kinds[line.kind]!;
  const { batchSize } = line;
  const isAsync = line.transform === "async";
  const transform = line.transform === "no"
    ? undefined
    : isAsync
    ? async (item: unknown) => kind.transform(item)
    : kind.transform;
  let sum = 0;
  const load = line.transform === "no"
    ? async (rows: unknown[]) => {
      for (const row of rows) sum += kind.amountOf(row as number);
    }
    : async (rows: number[]) => {
      for (const row of rows) sum += row;
    };
  const todo = { batchSize, transform, isAsync, load: load as (rows: number[]) => Promise<void> };
  if (way === "by hand") await kind.byHand(items, todo);
  else await byRun(kind, todo, items);
  return sum;
}

async function byRun<I, O>(
  kind: Kind<I, O>,
  { batchSize, transform, load }: Work<I, O>,
  items: number,
): Promise<void> {
  const pipeline = etl({
    name: "byhand",
    extract: () => kind.source(items),
    ...(transform && { transform }),
    load: load as (rows: (O | I)[]) => Promise<void>,
  });
  await pipeline.run({ batchSize, workers: LOADS }); // With the default timer of 5 s.
}

/** The sum of all rows, computed independently. */
function expected(kind: string, items: number): number {
  if (kind !== "bytes through lines()") return items * (items - 1);
  const perChunk = page.length - LINES_PER_CHUNK; // Without line breaks.
  return perChunk * (items / LINES_PER_CHUNK);
}

let isWarm = false;

/** Runs the other kinds of sources first, in the same way, once per process. */
async function mix(way: Way): Promise<void> {
  if (isWarm) return;
  isWarm = true;
  for (const kind of before) await work({ ...middle, kind }, way, ITEMS_BEFORE);
}

function itemsFor({ kind, batchSize, transform }: Line): number {
  const { items } = kinds[kind]!;
  const share = (batchSize < 100 ? 0.5 : 1) * (transform === "async" ? items > 1e6 ? 0.2 : 0.5 : 1);
  return items * share;
}

function variantOf(line: Line, way: Way): Variant {
  return {
    items: itemsFor(line),
    async prepare(wanted) {
      const items = Math.ceil(wanted / LINES_PER_CHUNK) * LINES_PER_CHUNK;
      if (line.isMixed) await mix(way);
      return async () => {
        const sum = await work(line, way, items);
        const wanted = expected(line.kind, items);
        if (sum !== wanted) throw new Error(`${items} items add up to ${sum}, not to ${wanted}`);
      };
    },
  };
}

const nameOf = (line: Line, way: Way) => `${titleOf(line)}, ${way}`;

export const question: Question = {
  title: "run() against the loop by hand",
  method:
    "CPU time of the loop by hand divided by that of `run()`, for all threads of the process. Both " +
    `make batches, map each item and have up to ${LOADS} async loads in flight, which add up a ` +
    "number of each row. The loop by hand has no timer and no report, and cannot be stopped. In brackets: the " +
    "wall-time ratio, and the fastest round by hand divided by the fastest round of `run()`.",
  times: 3,
  variants: Object.fromEntries(
    table.flatMap((line) => ways.map((way) => [nameOf(line, way), variantOf(line, way)])),
  ),
  comparisons: table.map((line): Comparison => ({
    title: titleOf(line),
    variant: nameOf(line, "run()"),
    against: nameOf(line, "by hand"),
    measure: "cpuRate",
    atLeast: 0.95,
    beside: { wall: "rate" },
  })),
};
