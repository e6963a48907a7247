// How fast is the same job with other libraries that people use?
//   npm ci --prefix bench/peers && npm run bench -- peers
import { asyncItems, itemStream, syncItems } from "./harness/sources.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";
import type { Load, Peer, Row, Source } from "./peers/peer.ts";

const CHECKED_ITEMS = 12_345; // Not a multiple of the batch size: the last batch is partial.
// Enough for about half a second. Only rates are compared.
const MANY = 2_000_000;
const FEWER = 200_000; // For libraries that take microseconds per item.
const times: Readonly<Record<Source["kind"], number>> = {
  "stream": 1,
  "async generator": 1,
  "iterable": 4,
};

interface Entry {
  readonly file: string;
  readonly items?: number;
  readonly lacks?: string;
  /** The sources for which its batches also have a timer. */
  readonly timed?: readonly Source["kind"][];
}

const kinds: readonly Source["kind"][] = ["stream", "async generator", "iterable"];

/** The file of each peer in bench/peers/, and the parts of the job that its operators lack. */
const peers: Readonly<Record<string, Entry>> = {
  "streaming-iterables": {
    file: "streaming-iterables",
    lacks: "no timer for an iterable",
    timed: ["stream", "async generator"],
  },
  "it-batch + it-parallel": { file: "it", lacks: "no timer" },
  "Effect Stream": { file: "effect", items: FEWER, timed: kinds },
  "RxJS": { file: "rxjs", lacks: "no backpressure", timed: kinds },
  "IxJS": { file: "ix", items: FEWER, timed: kinds },
  "exstream.js": { file: "exstream", lacks: "no timer" },
  "stream-chain": { file: "stream-chain", lacks: "no timer, one load at a time" },
  "scramjet": { file: "scramjet", items: FEWER, timed: kinds },
  "Node streams": { file: "node-streams", items: FEWER, lacks: "no timer, batches by hand" },
  "native pipeThrough": { file: "native", lacks: "no timer, batches and workers by hand" },
};

const openers: Readonly<Record<Source["kind"], (items: number) => Source>> = {
  "stream": (items) => ({ kind: "stream", items: itemStream(items) }),
  "async generator": (items) => ({ kind: "async generator", items: asyncItems(items) }),
  "iterable": (items) => ({ kind: "iterable", items: syncItems(items) }),
};

/** Counts how often each item is loaded, and throws unless that is exactly once. */
async function checkOnce(peer: Peer, open: (items: number) => Source): Promise<void> {
  const loaded = new Uint8Array(CHECKED_ITEMS);
  let running = 0;
  let mostRunning = 0;
  await peer(open(CHECKED_ITEMS), async (rows) => {
    mostRunning = Math.max(mostRunning, ++running);
    if (rows.length === 0 || rows.length > 100) throw new Error(`A batch of ${rows.length} items`);
    for (const row of rows) checkRow(row, loaded);
    await new Promise((resolve) => setTimeout(resolve));
    running--;
  });
  const wrong = loaded.findIndex((times) => times !== 1);
  if (wrong >= 0) throw new Error(`Item ${wrong} was loaded ${loaded[wrong]} times`);
  if (mostRunning > 4) throw new Error(`${mostRunning} loads ran at once`);
}

function checkRow({ id, isEven }: Row, loaded: Uint8Array): void {
  if (isEven !== (id % 2 === 0)) throw new Error(`Item ${id} was not mapped`);
  loaded[id]!++;
}

function variant({ file, items = MANY }: Entry, kind: Source["kind"]): Variant {
  return {
    items: items * times[kind],
    async prepare(items) {
      // The name is computed, so that the project can be type-checked without the peers.
      const { peer } = await import(`./peers/${file}.ts`) as { peer: Peer };
      await checkOnce(peer, openers[kind]);
      let sum = 0;
      let count = 0;
      const load: Load = async (rows) => {
        for (const row of rows) sum += row.id;
        count += rows.length;
      };
      return async () => {
        await peer(openers[kind](items), load);
        const expected = (items * (items - 1)) / 2;
        if (count !== items || sum !== expected) {
          throw new Error(`${count} of ${items} were loaded`);
        }
      };
    },
  };
}

const variants: Record<string, Variant> = {};
const comparisons: Comparison[] = [];
for (const kind of kinds) {
  variants[`millrace, ${kind}`] = variant({ file: "millrace" }, kind);
  for (const [name, entry] of Object.entries(peers)) {
    variants[`${name}, ${kind}`] = variant(entry, kind);
  }
  comparisons.push(
    {
      title: `from ${article(kind)}: run() against the fastest peer`,
      variant: `millrace, ${kind}`,
      against: Object.keys(peers).map((name) => `${name}, ${kind}`),
      ...(kind === "async generator" ? { atLeast: 1.1 } : {}),
    },
    {
      title: `from ${article(kind)}: run() against the fastest peer that has a timer`,
      variant: `millrace, ${kind}`,
      against: Object.entries(peers).filter(([, { timed }]) => timed?.includes(kind))
        .map(([name]) => `${name}, ${kind}`),
    },
    ...Object.entries(peers).map(([name, { lacks }]): Comparison => ({
      title: `from ${article(kind)}: run() against ${name}`,
      variant: `millrace, ${kind}`,
      against: `${name}, ${kind}`,
      ...(lacks === undefined ? {} : { note: lacks }),
    })),
  );
}

function article(kind: string): string {
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}

export const question: Question = {
  title: "The same job with other libraries",
  method:
    "Items become batches of 100, closed by size or after 5 s. Each item is mapped. An async " +
    "function that adds up the ids loads 4 batches at once. Before a peer is measured, a check " +
    "makes sure that each item arrives exactly once.",
  times: 3,
  variants,
  comparisons,
};
