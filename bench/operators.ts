// What do operators cost, compared with the same loop by hand?
// And compared with libraries whose operators have the same names?
//   npm ci --prefix bench/peers && npm run bench -- operators
import type * as Millrace from "../src/index.ts";
import type * as Operators from "../src/adapters/operators.ts";
import { existsSync } from "node:fs";
import type { Comparison, Question, Variant } from "./harness/question.ts";
import type { FivePeer, Row } from "./peers/five-operators.ts";

const core = new URL("./dist/index.js", import.meta.url).href;
const built = new URL("./dist/adapters/operators.js", import.meta.url).href;
const ITEMS = 4_000_000;
const STREAMED = 1_000_000; // If they come one by one.
const PEERED = 300_000; // For libraries that take up to a microsecond per item.
const SIZE = 256;
const names = ["RxJS", "IxJS", "streaming-iterables", "Effect", "async generators"];
const peers = existsSync("bench/peers/node_modules") ? names : [];

const isWanted = ({ id }: Row) => id % 8 > 0;
const sumOf = ({ id }: Row) => id * 2;
const isSmall = (sum: number) => sum % 16 !== 2;
const plusOne = (sum: number) => sum + 1;
const labelOf = (sum: number) => ({ sum });

function* pages(items: number): Generator<Row[]> {
  for (let from = 0; from < items; from += SIZE) {
    const length = Math.min(SIZE, items - from);
    yield Array.from({ length }, (_, index) => ({ id: from + index }));
  }
}

/** A stream that yields one row per pull. */
function rowByRow(items: number): ReadableStream<Row> {
  let id = 0;
  return new ReadableStream<Row>({
    pull: (output) => id < items ? output.enqueue({ id: id++ }) : output.close(),
  }, { highWaterMark: 0 });
}

/** Counts the items of arrays: all variants end in the same way. */
async function count(chunks: AsyncIterable<readonly { sum: number }[]>): Promise<number> {
  let total = 0;
  for await (const chunk of chunks) total += chunk.length;
  return total;
}

function variantOf(items: number, read: (items: number) => Promise<number>): Variant {
  return {
    items,
    prepare: (count) => async () => {
      const given = await read(count);
      if (given < count / 2) throw new Error(`only ${given} items came`);
    },
  };
}

async function* oneLoop(items: number): AsyncGenerator<{ sum: number }[]> {
  for (const page of pages(items)) {
    const out: { sum: number }[] = [];
    for (const row of page) {
      if (!isWanted(row)) continue;
      const sum = sumOf(row);
      if (isSmall(sum)) out.push(labelOf(plusOne(sum)));
    }
    yield out;
  }
}

async function* arrayMethods(items: number): AsyncGenerator<{ sum: number }[]> {
  for (const page of pages(items)) {
    yield page.filter(isWanted).map(sumOf).filter(isSmall).map(plusOne).map(labelOf);
  }
}

async function streamedByHand(items: number): Promise<number> {
  const reader = rowByRow(items).getReader();
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return total;
    if (!isWanted(value)) continue;
    const sum = sumOf(value);
    if (isSmall(sum) && labelOf(plusOne(sum)).sum > 0) total++;
  }
}

async function piped(source: (items: number) => Millrace.Source<Row>, items: number) {
  const { filter, map, pipe }: typeof Operators = await import(built);
  const five = pipe(
    source(items),
    filter(isWanted),
    map(sumOf),
    filter(isSmall),
    map(plusOne),
    map(labelOf),
  );
  return count(five.source as AsyncIterable<readonly { sum: number }[]>);
}

async function pipedChunks(items: number): Promise<number> {
  const { chunks }: typeof Millrace = await import(core);
  return piped((items) => chunks(pages(items)), items);
}

/** Reads with another library. Its name is computed, so that the bench runs without it. */
async function peered(name: string, items: number): Promise<number> {
  const file = "./peers/operators.ts";
  const { peers } = await import(file) as { peers: Readonly<Record<string, FivePeer>> };
  const five = { isWanted, sumOf, isSmall, plusOne, labelOf };
  return peers[name]!(pages(items), five);
}

export const question: Question = {
  title: "Five operators",
  method:
    "Sync functions filter, map, filter, map and map rows, and the results are counted. The rows " +
    "come in arrays of 256, or from a stream that yields one per pull.",
  times: 3,
  variants: {
    "pipe, from chunks": variantOf(ITEMS, pipedChunks),
    "one loop, from chunks": variantOf(ITEMS, (items) => count(oneLoop(items))),
    "methods of arrays, from chunks": variantOf(ITEMS, (items) => count(arrayMethods(items))),
    "pipe, from a stream": variantOf(STREAMED, (items) => piped(rowByRow, items)),
    "one loop, from a stream": variantOf(STREAMED, streamedByHand),
    ...Object.fromEntries(
      peers.map((
        name,
      ) => [`${name}, from chunks`, variantOf(PEERED, (items) => peered(name, items))]),
    ),
  },
  comparisons: [
    { title: "pipe, from chunks", variant: "pipe, from chunks", measure: "rate", unit: "items/s" },
    {
      title: "pipe, from chunks ÷ one loop by hand",
      variant: "pipe, from chunks",
      against: "one loop, from chunks",
      atLeast: 0.7,
    },
    {
      title: "pipe, from chunks ÷ methods of arrays",
      variant: "pipe, from chunks",
      against: "methods of arrays, from chunks",
      atLeast: 0.7,
    },
    {
      title: "pipe, from a stream ÷ one loop by hand",
      variant: "pipe, from a stream",
      against: "one loop, from a stream",
      atLeast: 0.7,
    },
    ...peers.map((name): Comparison => ({
      title: `pipe, from chunks ÷ ${name}`,
      variant: "pipe, from chunks",
      against: `${name}, from chunks`,
      atLeast: 2,
    })),
  ],
};
