import * as hyparquet from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { readParquet } from "../../../src/adapters/parquet.ts";
import { batched, type Chunks, etl } from "../../../src/index.ts";
import { rowsOf, tableFile, watched } from "../../support/parquet/table.ts";

describe("readParquet", () => {
  it("gives rows in arrays of a batch, which end with their row group", async () => {
    const sizes: number[] = [];
    for await (const rows of readParquet(tableFile(3500, 2500), { hyparquet }).source) {
      sizes.push(rows.length);
    }
    expect(sizes).toEqual([1000, 1000, 500, 1000]);
  });

  it("gives every value as it is", async () => {
    const columnData = [
      { name: "int", data: [1, -1, null], type: "INT32" as const },
      { name: "long", data: [2n ** 63n - 1n, null, -(2n ** 63n)], type: "INT64" as const },
      { name: "double", data: [0.1, null, -0], type: "DOUBLE" as const },
      { name: "flag", data: [true, false, null], type: "BOOLEAN" as const },
      { name: "text", data: ["é😀", "", null], type: "STRING" as const },
      { name: "bytes", data: [new Uint8Array([0, 255]), null, new Uint8Array(0)] },
      { name: "at", data: [new Date(1), new Date(-1), null], type: "TIMESTAMP" as const },
      { name: "json", data: [{ a: [1, { b: null }] }, [], null], type: "JSON" as const },
      {
        name: "key",
        data: ["00112233-4455-6677-8899-aabbccddeeff", null, null],
        type: "UUID" as const,
      },
    ];
    const rows = await rowsOf(readParquet(new Uint8Array(parquetWriteBuffer({ columnData })), {
      hyparquet,
    }));
    expect(rows).toEqual(
      [0, 1, 2].map((index) =>
        Object.fromEntries(columnData.map(({ name, data }) => [name, data[index]]))
      ),
    );
  });

  it("reads the columns that are asked for, in their order, and no bytes of others", async () => {
    const whole = await watched(tableFile(100, 100));
    const some = await watched(tableFile(100, 100));
    const all = await rowsOf(readParquet(whole, { hyparquet }));
    const ids = await rowsOf(readParquet(some, { hyparquet, columns: ["name", "id"] }));
    expect(Object.entries(ids[1]!)).toEqual([["name", "n1"], ["id", 1n]]);
    expect(all).toHaveLength(100);
    expect([whole.reads.length, some.reads.length]).toEqual([4, 3]); // The end of the file as well.
  });

  it("names a column that is not there, and those that are", async () => {
    const read = rowsOf(readParquet(tableFile(1, 1), { hyparquet, columns: ["id", "ix"] }));
    await expect(read).rejects.toThrow(
      "Cannot read Parquet as 'columns' must be columns of table.parquet (id, name, note): " +
        'current value is "ix"',
    );
  });

  it("goes on at a row, and reads no row group before it", async () => {
    const whole = tableFile(50, 10);
    const file = await watched(whole);
    const rows = await rowsOf(
      readParquet({ name: "x", content: file }, {
        hyparquet,
        from: { row: 25 },
        positions: true,
        columns: ["id"],
      }),
    );
    expect(rows.map(({ row, value, name }) => [row, value["id"], name]))
      .toEqual(Array.from({ length: 25 }, (_, index) => [index + 25, BigInt(index + 25), "x"]));
    const [, ...reads] = file.reads; // The first one is of the end of the file.
    const metadata = await hyparquet.parquetMetadataAsync(file);
    const third = Number(metadata.row_groups[2]!.columns[0]!.meta_data!.data_page_offset);
    expect(Math.min(...reads.map(([start]) => start))).toBeGreaterThanOrEqual(third - 200);
  });

  it("goes on in a file of a list, and opens none before it", async () => {
    const opened: string[] = [];
    const list = ["a", "b", "c"].map((name) => ({
      name,
      content: () => {
        opened.push(name);
        return Promise.resolve(tableFile(3, 2));
      },
    }));
    const options = { hyparquet, positions: true, from: { name: "b", row: 1 } } as const;
    const rows = await rowsOf(readParquet(list, options));
    expect(rows.map(({ name, row }) => `${name}${row}`)).toEqual(["b1", "b2", "c0", "c1", "c2"]);
    expect(opened).toEqual(["b", "c"]);
    await expect(rowsOf(readParquet(list, { hyparquet, from: { name: "d", row: 0 } })))
      .rejects.toThrow("'from.name' must be a file of the list: current value is \"d\"");
  });

  it("gives nothing from the end on, and refuses what is behind it", async () => {
    const file = tableFile(3, 2);
    expect(await rowsOf(readParquet(file, { hyparquet, from: { row: 3 } }))).toEqual([]);
    await expect(rowsOf(readParquet(file, { hyparquet, from: { row: 4 } })))
      .rejects.toThrow("'from.row' must be at most 3, the rows of the file: current value is 4");
  });

  it("tells which codec has no function", async () => {
    const pack = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1);
    const bytes = parquetWriteBuffer({
      columnData: [{ name: "id", data: [1, 2], type: "INT32", codec: "ZSTD" }],
      compressors: { ZSTD: pack },
    });
    const file = new Blob([bytes]);
    await expect(rowsOf(readParquet(file, { hyparquet }))).rejects.toThrow(
      "Cannot read Parquet as 'compressors' must be functions, of which one is for ZSTD, such as " +
        "those of hyparquet-compressors: current value is undefined",
    );
    expect(await rowsOf(readParquet(file, { hyparquet, compressors: { ZSTD: pack } })))
      .toEqual([{ id: 1 }, { id: 2 }]);
  });

  it("names a file that is broken, after what came before it", async () => {
    const whole = tableFile(3, 3);
    const cut = new File([whole.slice(0, whole.size - 9)], "cut.parquet");
    const rows: unknown[] = [];
    const read = async () => {
      for await (const row of batched(readParquet([whole, cut], { hyparquet }), { batchSize: 3 })) {
        rows.push(...row);
      }
    };
    await expect(read()).rejects.toThrow(
      "Cannot read Parquet: parquet file invalid (footer != PAR1) (cut.parquet, after 0 bytes)",
    );
    expect(rows).toHaveLength(3);
  });

  it("ends at once when it is cancelled while bytes are on their way", async () => {
    const content = {
      byteLength: 1000,
      slice: () => new Promise<ArrayBuffer>(() => {}),
    };
    const reader = (readParquet(content, { hyparquet }).source as ReadableStream).getReader();
    const pending = reader.read();
    await reader.cancel("enough");
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  it("keeps digits by parsers, and reads bytes as text where that is asked for", async () => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: "at", data: [1_000_001n] },
        { name: "text", data: [new TextEncoder().encode("é")] },
      ],
      schema: [
        { name: "root", num_children: 2 },
        { name: "at", type: "INT64", converted_type: "TIMESTAMP_MICROS" },
        { name: "text", type: "BYTE_ARRAY" },
      ],
    });
    const parsers = { timestampFromMicroseconds: (micros: bigint) => micros };
    expect(await rowsOf(readParquet(new Blob([bytes]), { hyparquet, parsers, utf8: true })))
      .toEqual([{ at: 1_000_001n, text: "é" }]);
  });

  it("tells how far it is", async () => {
    const files = [tableFile(4, 2), tableFile(0, 1), tableFile(4, 2)];
    const [{ size }, { size: none }] = files as [File, File];
    const told: number[][] = [];
    const from = { row: 1 };
    const { source } = readParquet(files, { hyparquet, from }) as Chunks<object> & {
      source: { bytesRead: number; bytesSkipped: number };
    };
    for await (const _ of source) told.push([source.bytesRead, source.bytesSkipped]);
    told.push([source.bytesRead, source.bytesSkipped]);
    const skipped = Math.round(size / 4);
    expect(told).toEqual(
      [size / 2, size, size + none + size / 2, 2 * size + none, 2 * size + none]
        .map((read) => [Math.round(read) - skipped, skipped]),
    );
  });

  it("counts whole files before the one that it begins in, where it knows their sizes", async () => {
    const [a, b] = [tableFile(4, 2), tableFile(6, 2)];
    const files = [
      { name: "a", content: a },
      { name: "b", content: () => b, byteLength: b.size, slice: () => new ArrayBuffer() },
      { name: "unknown", content: () => a },
      { name: "c", content: b },
    ];
    const { source } = readParquet(files, { hyparquet, from: { name: "c", row: 3 } }) as
      & Chunks<
        object
      >
      & { source: { bytesRead: number; bytesSkipped: number } };
    for await (const _ of source); // To its end.
    const half = Math.round(b.size / 2);
    expect([source.bytesSkipped, source.bytesRead])
      .toEqual([a.size + b.size + half, b.size - half]);
  });

  it("is a source of a run", async () => {
    const load = () => {};
    const extract = () => readParquet(tableFile(30, 10), { hyparquet });
    const report = await etl({ name: "table", extract, load }).run();
    expect(report.loaded).toBe(30);
  });

  it("refuses what is not the module, and options that break their rules", () => {
    const file = tableFile(1, 1);
    expect(() => readParquet(file, {} as never)).toThrow(
      "Cannot read Parquet as 'hyparquet' must be the module hyparquet, of " +
        "'import * as hyparquet': current value is undefined",
    );
    for (
      const options of [
        { columns: [] },
        { columns: ["a", "a"] },
        { from: { row: -1 } },
        { positions: 1 },
        { compressors: 1 },
        { utf8: 1 },
        { parsers: 1 },
        { rows: 1 },
      ]
    ) {
      expect(() => readParquet(file, { hyparquet, ...options } as never), JSON.stringify(options))
        .toThrow(/^Cannot read Parquet as '\w+' must be /);
    }
  });
});
