import { DuckDBInstance } from "@duckdb/node-api";
import * as hyparquet from "hyparquet";
import * as hyparquetWriter from "hyparquet-writer";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileSink, openFiles } from "../../src/adapters/file.ts";
import { folderStore, objectSink } from "../../src/adapters/object.ts";
import {
  encodeParquet,
  type EncodeParquetOptions,
  readParquet,
} from "../../src/adapters/parquet.ts";
import { etl } from "../../src/index.ts";
import { rowsOf } from "../support/parquet/table.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-parquet-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

type Connection = Awaited<ReturnType<DuckDBInstance["connect"]>>;
let duckdb: Connection;
beforeAll(async () => void (duckdb = await (await DuckDBInstance.create(":memory:")).connect()));
const query = async (sql: string) => (await duckdb.run(sql)).getRowsJson();

const format = (columns?: EncodeParquetOptions["columns"]) =>
  encodeParquet<object>({ hyparquetWriter, columns });
const rows = Array.from({ length: 250 }, (_, id) => ({
  id,
  name: id % 7 === 0 ? null : `name ${"é".repeat(id % 30)}`,
  price: `${id}.${id % 10}0`,
  at: new Date(Date.UTC(2026, 0, 1, 0, id)),
  tags: { list: [id, "x"] },
}));
const columns = {
  id: "INT64",
  name: "STRING",
  price: { type: "DECIMAL", precision: 9, scale: 2 },
  at: "TIMESTAMP",
  tags: "JSON",
} as const;

describe("a Parquet file of fileSink", () => {
  it("is read by DuckDB, which finds a row by the bounds of the row groups", async () => {
    const path = at("rows.parquet");
    const { load, checkpoints } = fileSink(path, { format: format(columns) });
    expect(load.batchSize).toBe(20_000);
    const report = await etl({ name: "rows", extract: () => rows, load }, { checkpoints })
      .run({ batchSize: 60 });
    expect(report.guarantee).toBe("effectively-once");
    expect(await query(`select count(*), sum(id), sum(price), count(name) from '${path}'`))
      .toEqual([["250", "31125", "31237.50", "214"]]);
    expect(await query(`select * from '${path}' where id = 199`)).toEqual([
      ["199", `name ${"é".repeat(19)}`, "199.90", "2026-01-01 03:19:00", '{"list":[199,"x"]}'],
    ]);
    expect(await query(`select count(*) from '${path}' where name = '${rows[249]!.name}'`))
      .toEqual([["8"]]);
    const groups = `select row_group_num_rows, stats_min_value, stats_max_value
      from parquet_metadata('${path}') where path_in_schema = 'id'`;
    expect(await query(groups)).toEqual([
      ["60", "0", "59"],
      ["60", "60", "119"],
      ["60", "120", "179"],
      ["60", "180", "239"],
      ["10", "240", "249"],
    ]);
  });

  it("goes on after a batch that a crash left without its mark", async () => {
    const path = at("crashed.parquet");
    const run = async (count: number) => {
      const { load, checkpoints } = fileSink(path, { format: format(columns) });
      const extract = () => rows.slice(0, count);
      await etl({ name: "rows", extract, load }, { checkpoints }).run({ batchSize: 50 });
    };
    await run(100);
    const { bytes } = JSON.parse(readFileSync(`${path}.mark.json`, "utf8")) as { bytes: number };
    writeFileSync(path, readFileSync(path).subarray(0, bytes)); // Its end is gone.
    appendFileSync(path, "half a row group");
    await run(250);
    expect(await query(`select count(*), count(distinct id), max(id) from '${path}'`))
      .toEqual([["250", "250", "249"]]);
  });

  it("refuses other columns than those of the file, and leaves it as it is", async () => {
    const path = at("other.parquet");
    const run = async (columns: EncodeParquetOptions["columns"]) => {
      const { load } = fileSink(path, { format: format(columns) });
      return await etl({ name: "rows", extract: () => rows.slice(0, 10), load }).run();
    };
    await run({ id: "INT64" });
    await expect(run({ id: "INT32" })).rejects.toThrow(/'columns' must be those of the file/);
    expect(await query(`select count(*) from '${path}'`)).toEqual([["10"]]);
    await run({ id: "INT64" });
    expect(await query(`select count(*) from '${path}'`)).toEqual([["20"]]);
  });

  it("names the row that does not fit, and has the others", async () => {
    const path = at("bad.parquet");
    const { load } = fileSink(path, { format: format({ id: "INT32" }) });
    const letters: unknown[] = [];
    const report = await etl({
      name: "rows",
      extract: () => [{ id: 1 }, { id: "x" }, { id: 3 }],
      load,
    })
      .run({ deadLetters: new WritableStream({ write: ({ item }) => void letters.push(item) }) });
    expect([report.loaded, letters]).toEqual([2, [{ id: "x" }]]);
    expect(await query(`select id from '${path}' order by id`)).toEqual([[1], [3]]);
  });

  it("is there without rows as well, where it is asked for", async () => {
    const path = at("empty.parquet");
    const { load, writeEmpty: postProcess, checkpoints } = fileSink(path, {
      format: format(columns),
    });
    const none: object[] = [];
    await etl({ name: "none", extract: () => none, load, postProcess }, { checkpoints }).run();
    expect(await query(`select count(*), count(name) from '${path}'`)).toEqual([["0", "0"]]);
  });

  it("is not compressed as a whole", () => {
    expect(() => fileSink(at("x"), { format: format(), compress: "gzip" })).toThrow(
      "'compress' must be \"none\" for a format that compresses by itself",
    );
    expect(() => objectSink(folderStore(folder), { format: format(), compress: "gzip" })).toThrow(
      "'compress' must be \"none\" for a format that compresses by itself",
    );
  });
});

describe("objects of Parquet", () => {
  it("are each a whole file", async () => {
    const { load, checkpoints } = objectSink(folderStore(folder), { format: format(columns) });
    await etl({ name: "parts", extract: () => rows, load }, { checkpoints }).run({
      batchSize: 100,
    });
    expect(await query(`select count(*), count(distinct id) from '${at("parts/*.parquet")}'`))
      .toEqual([["250", "250"]]);
  });
});

describe("a file of DuckDB", () => {
  it.each(["snappy", "uncompressed"])("in %s is read value by value", async (codec) => {
    const path = at(`${codec}.parquet`);
    await duckdb.run(`copy (
      select i::int as i, i::bigint as l, (i / 4)::double as d, 'é' || i as s, i % 2 = 0 as b,
        date '2026-11-29' + i::int as day, timestamp '2026-11-29 12:00:00' as "at",
        [i, null] as list, {a: i::int, b: {c: 'x'}} as struct, map {'k': i::int} as map,
        if(i = 1, null, 'blob'::blob) as bytes, uuid '00112233-4455-6677-8899-aabbccddeeff' as key,
        1.25::decimal(9, 2) as price
      from range(5000) t(i)
    ) to '${path}' (format parquet, compression ${codec}, row_group_size 2048)`);
    const read = await rowsOf(readParquet(openFiles(path), { hyparquet }));
    expect(read.map(({ l }) => l)).toEqual(Array.from({ length: 5000 }, (_, i) => BigInt(i)));
    expect(read[1]).toEqual({
      i: 1,
      l: 1n,
      d: 0.25,
      s: "é1",
      b: false,
      day: new Date("2026-11-30"),
      at: new Date("2026-11-29T12:00:00Z"),
      list: [1n, null],
      struct: { a: 1, b: { c: "x" } },
      map: { k: 1 },
      bytes: null,
      key: "00112233-4455-6677-8899-aabbccddeeff",
      price: 1.25,
    });
    expect(read[2]!["bytes"]).toEqual(new TextEncoder().encode("blob"));
  });

  it("in zstd says what it needs", async () => {
    const path = at("zstd.parquet");
    await duckdb.run(`copy (select 1 as i) to '${path}' (format parquet, compression zstd)`);
    await expect(rowsOf(readParquet(openFiles(path), { hyparquet }))).rejects.toThrow(
      "'compressors' must be functions, of which one is for ZSTD",
    );
    const ZSTD = (bytes: Uint8Array) => zstdDecompressSync(bytes);
    expect(await rowsOf(readParquet(openFiles(path), { hyparquet, compressors: { ZSTD } })))
      .toEqual([{ i: 1 }]);
  });
});
