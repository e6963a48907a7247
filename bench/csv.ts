// How fast is CSV read into rows, and does memory stay flat?
//   npm run bench -- csv
import type * as Csv from "../src/adapters/csv.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";

const built = new URL("./dist/adapters/csv.js", import.meta.url).href;
const PIECE = 65_536;
const PIECES = 1_600; // 105 MB at full scale; bytes are the items.

/** A piece of whole lines, which is repeated. */
function pieceOf(quotes: boolean): Uint8Array {
  const note = quotes ? '"said ""hi"",\nand left"' : "some plain words";
  const lines: string[] = [];
  for (let id = 1, length = 0; length < PIECE; id++) {
    const line = `${id},User ${id},user${id}@example.com,${20 + id % 50},Amsterdam,${id}.25,` +
      `2026-01-01T00:00:00Z,true,${id % 8 === 0 ? note : "some words"},X${id % 1_000}\n`;
    lines.push(line);
    length += line.length;
  }
  return new TextEncoder().encode(lines.join(""));
}

const head = "id,name,email,age,city,amount,created,active,note,code\n";

/** The whole file, which is never in memory. */
function* file(pieces: number, piece: Uint8Array): Generator<Uint8Array> {
  yield new TextEncoder().encode(head);
  for (let n = 0; n < pieces; n++) yield piece;
}

type Read = (source: Iterable<Uint8Array>) => Promise<number>;

const typed = { id: "number", age: "number", created: "date", active: "boolean" } as const;

function reader(options: Csv.ReadCsvOptions = {}): Read {
  return async (source) => {
    const { readCsv }: typeof Csv = await import(built);
    let rows = 0;
    const chunks = readCsv(source, options as object).source;
    for await (const chunk of chunks) rows += chunk.length;
    return rows;
  };
}

/** The usual code for fields without quotes. */
async function splitByHand(source: Iterable<Uint8Array>): Promise<number> {
  const decoder = new TextDecoder();
  const names = head.trimEnd().split(",");
  let rest = "";
  let rows = 0;
  for (const bytes of source) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    const objects = lines.map((line) => {
      const fields = line.split(",");
      return Object.fromEntries(names.map((name, index) => [name, fields[index]]));
    });
    rows += objects.length;
  }
  return rows;
}

function variantOf(read: Read, quotes = false): Variant {
  const piece = pieceOf(quotes);
  return {
    items: PIECES * piece.length,
    prepare: (items) => async () => {
      const pieces = Math.ceil(items / piece.length);
      const start = performance.now();
      const rows = await read(file(pieces, piece));
      if (rows < pieces) throw new Error(`only ${rows} rows were read`);
      return { speed: pieces * piece.length / (performance.now() - start) / 1e3 };
    },
  };
}

const variants: Record<string, Variant> = {
  "readCsv": variantOf(reader()),
  "readCsv, quotes in every 8th row": variantOf(reader(), true),
  "readCsv, positions": variantOf(reader({ positions: true })),
  "readCsv, 4 typed columns": variantOf(reader({ columns: typed })),
  "split by hand": variantOf(splitByHand),
};

const comparisons: Comparison[] = Object.keys(variants).map((variant) => ({
  title: variant,
  variant,
  measure: "speed",
  unit: "MB/s",
  ...(variant === "readCsv" ? { atLeast: 100, floorOf: "node24" } : {}),
}));

export const question: Question = {
  title: "CSV into rows",
  method: "Rows of 10 columns and about 110 bytes arrive in pieces of 64 KiB and become objects.",
  times: 3,
  variants,
  comparisons,
};
