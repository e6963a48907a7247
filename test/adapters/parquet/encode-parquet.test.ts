import * as hyparquet from "hyparquet";
import * as hyparquetWriter from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import {
  encodeParquet,
  type EncodeParquetOptions,
  readParquet,
} from "../../../src/adapters/parquet.ts";
import { fileParts } from "../../../src/bytes/row-encoder.ts";
import { BatchError } from "../../../src/index.ts";
import { fileOf, rowsOf } from "../../support/parquet/table.ts";

type Options = Omit<EncodeParquetOptions, "hyparquetWriter">;
const encoder = (options: Options = {}) => encodeParquet<object>({ hyparquetWriter, ...options });

/** A file of chunks of rows. */
function written(chunks: readonly object[], options?: Options): Promise<Uint8Array<ArrayBuffer>> {
  return fileOf<object>(chunks, encoder(options));
}

/** What is read of them. */
async function readBack(chunks: readonly object[], options?: Options): Promise<object[]> {
  return await rowsOf(readParquet(await written(chunks, options), { hyparquet }));
}

const thrown = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe("encodeParquet", () => {
  it("writes values of every type", async () => {
    const columns = {
      flag: "BOOLEAN",
      int: "INT32",
      long: "INT64",
      float: "FLOAT",
      double: "DOUBLE",
      price: { type: "DECIMAL", precision: 6, scale: 2 },
      text: "STRING",
      bytes: "BYTE_ARRAY",
      json: "JSON",
      at: "TIMESTAMP",
      day: { type: "DATE", nullable: true },
      key: "UUID",
    } as const;
    const row = {
      flag: true,
      int: -(2 ** 31),
      long: 2n ** 63n - 1n,
      float: 0.5,
      double: 0.1,
      price: 1234.5,
      text: "é😀",
      bytes: new Uint8Array([0, 255]),
      json: { a: [1, null] },
      at: new Date(-1),
      day: new Date("2026-11-29"),
      key: "00112233-4455-6677-8899-aabbccddeeff",
    };
    const nothing = Object.fromEntries(Object.keys(columns).map((name) => [name, null]));
    expect(await readBack([row, {}, nothing], { columns })).toEqual([row, nothing, nothing]);
  });

  it("takes what a type can hold, written in other ways", async () => {
    const price = { type: "DECIMAL", precision: 4, scale: 2 } as const;
    const rows = ["12.30", "-0.050", 7, 0.5, 3n].map((price) => ({ price, long: 5 }));
    const file = await written(rows, { columns: { price, long: "INT64" } });
    expect((await rowsOf(readParquet(file, { hyparquet }))).map((row) => Object.values(row)))
      .toEqual([12.3, -0.05, 7, 0.5, 3].map((number) => [number, 5n]));
  });

  it("makes row groups of so many rows, however they come", async () => {
    const rows = Array.from({ length: 25 }, (_, id) => ({ id }));
    const chunks = [rows[0]!, rows.slice(1, 4), [], rows.slice(4, 24), rows[24]!];
    const file = await written(chunks, { rowGroupSize: 10 });
    const { row_groups: groups } = hyparquet.parquetMetadata(file);
    expect(groups.map(({ num_rows: count }) => count)).toEqual([10n, 10n, 5n]);
    expect(await rowsOf(readParquet(file, { hyparquet }))).toEqual(rows);
  });

  it("tells the types by the first rows, which hold from then on", async () => {
    const first = [{ a: null, n: 1 }, {
      a: "x",
      b: 2n,
      c: new Date(1),
      d: [1],
      e: true,
      f: new Uint8Array(1),
    }];
    const second = { a: "y", n: 0.5, d: "text" };
    const none = { a: null, n: null, b: null, c: null, d: null, e: null, f: null };
    expect(await readBack([first, second])).toEqual([
      { ...none, n: 1 },
      { ...none, ...first[1] },
      { ...none, ...second },
    ]);
  });

  it("names the rows that do not fit, and writes none of their call", () => {
    const { body } = encoder({ columns: { id: { type: "INT32", nullable: false }, at: "DATE" } });
    const rows = [{ id: 1 }, { id: 0.5 }, { id: null }, 7, { id: 1, at: new Date(1) }, { id: 2 }];
    const error = thrown(() => body(rows as object[])) as BatchError;
    expect(error).toBeInstanceOf(BatchError);
    expect([...error.failures].map(([index, error]) => [index, (error as Error).message])).toEqual([
      [1, "Cannot encode row: 'id' must be an integer of 32 bits: current value is 0.5 (row 1)"],
      [2, "Cannot encode row: 'id' must be an integer of 32 bits: current value is null (row 2)"],
      [3, "Cannot encode row: it must be an object: current value is 7 (row 3)"],
      [
        4,
        "Cannot encode row: 'at' must be a Date at midnight, UTC: current value is an instance of " +
        "Date (row 4)",
      ],
    ]);
  });

  it("refuses a property that the first rows have not, unless columns are given", async () => {
    const format = encoder();
    format.body([{ id: 1 }]);
    const error = thrown(() => format.body([{ id: 1 }, { id: 2, name: "x" }])) as BatchError;
    expect(error.failures.get(1)).toHaveProperty(
      "message",
      "Cannot encode row: it has 'name', and the first rows have not (row 1)",
    );
    expect(await readBack([{ id: 1, name: "x" }], { columns: { id: "DOUBLE" } }))
      .toEqual([{ id: 1 }]);
  });

  it("needs columns where rows do not tell of them", async () => {
    expect(() => encoder().body([{ id: 1, name: null }])).toThrow(
      "Cannot encode Parquet as 'columns' must be given, as 'name' has no value in the first rows",
    );
    await expect(written([])).rejects.toThrow(
      "Cannot encode Parquet as 'columns' must be given, as no row has any",
    );
    expect(await readBack([], { columns: { id: "INT32" } })).toEqual([]);
  });

  it("has parts that a file may be continued with in another process", () => {
    const columns = { id: "INT32", name: "STRING" } as const;
    const bodies = [["a", "b"], ["c"]].map((names, part) =>
      encoder({ columns }).indexed!.body(names.map((name, id) => ({ id: part * 2 + id, name })))
    );
    const gap = new Uint8Array(7); // Whatever stands between, and what JSON makes of the rest.
    const kept = JSON.parse(JSON.stringify([
      { offset: 4, about: bodies[0]!.about },
      { offset: 4 + bodies[0]!.bytes.length + gap.length, about: bodies[1]!.about },
    ]));
    const { head, indexed } = encoder({ columns });
    const file = new Blob([
      head([]) as string,
      bodies[0]!.bytes as BlobPart,
      gap,
      bodies[1]!.bytes as BlobPart,
      indexed!.tail(kept) as BlobPart,
    ]);
    return expect(rowsOf(readParquet(file, { hyparquet }))).resolves
      .toEqual([{ id: 0, name: "a" }, { id: 1, name: "b" }, { id: 2, name: "c" }]);
  });

  it("refuses row groups of other columns, and a tail that is told nothing", () => {
    const { about } = encoder({ columns: { id: "INT32" } }).indexed!.body([{ id: 1 }]);
    const other = encoder({ columns: { id: { type: "INT64", nullable: false } } });
    expect(() => other.indexed!.tail([{ offset: 4, about }])).toThrow(
      "Cannot encode Parquet as 'columns' must be those of the file: \"id\" INT32: current value " +
        'is "\\"id\\" INT64 not null"',
    );
    expect(() => other.tail()).toThrow(TypeError);
  });

  it("makes a whole file of some rows", async () => {
    const parts = fileParts(encoder(), [{ id: 1 }, { id: 2 }]);
    expect(await rowsOf(readParquet(new Blob(parts as BlobPart[]), { hyparquet })))
      .toEqual([{ id: 1 }, { id: 2 }]);
    const empty = fileParts(encoder({ columns: { id: "DOUBLE" } }), []);
    expect(await rowsOf(readParquet(new Blob(empty as BlobPart[]), { hyparquet }))).toEqual([]);
  });

  it("compresses by what is handed in", async () => {
    const flip = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1);
    const codec = "ZSTD";
    const file = await written([{ id: 1 }], { codec, compressors: { ZSTD: flip } });
    expect(hyparquet.parquetMetadata(file).row_groups[0]!.columns[0]!.meta_data!.codec)
      .toBe(codec);
    expect(await rowsOf(readParquet(file, { hyparquet, compressors: { ZSTD: flip } })))
      .toEqual([{ id: 1 }]);
    expect(() => encoder({ codec })).toThrow(
      "Cannot encode Parquet as 'compressors' must be functions, of which one is for ZSTD",
    );
  });

  it("tells the smallest and the largest value of a group, rounded where they are long", async () => {
    const text = "ä".repeat(100);
    const top = "\u{10FFFF}".repeat(100);
    const rows = [{ id: 2n, text, top, n: -0 }, { id: null, text: "z", top: "a", n: NaN }];
    const columns = { id: "INT64", text: "STRING", top: "STRING", n: "DOUBLE" } as const;
    const { row_groups: [group] } = hyparquet.parquetMetadata(await written(rows, { columns }));
    const bounds = group!.columns.map(({ meta_data: data }) => data!.statistics!);
    expect(bounds.map(({ min_value: min, max_value: max }) => [min, max])).toEqual([
      [2n, 2n],
      ["z", "äääääääå"],
      [undefined, undefined],
      [-0, 0],
    ]);
    expect(bounds.map(({ null_count: count }) => count)).toEqual([1n, 0n, 0n, 0n]);
  });

  it.each([
    [{ columns: {} }],
    [{ columns: { id: "INT" } }],
    [{ columns: { id: { type: "INT32", nullable: 1 } } }],
    [{ columns: { id: { type: "INT32", scale: 1 } } }],
    [{ columns: { id: "DECIMAL" } }],
    [{ columns: { id: { type: "DECIMAL", precision: 19, scale: 0 } } }],
    [{ columns: { id: { type: "DECIMAL", precision: 2, scale: 3 } } }],
    [{ codec: "LZO" }],
    [{ compressors: 1 }],
    [{ rowGroupSize: 0 }],
    [{ hyparquetWriter: {} }],
    [{ hyparquetWriter: undefined }],
  ])("refuses %j", (options) => {
    expect(() => encodeParquet({ hyparquetWriter, ...options } as never))
      .toThrow(/^Cannot encode Parquet as '\w+' must be /);
  });
});
