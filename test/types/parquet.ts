// The rows of a Parquet file are typed by its columns: compiled by `npm run check:types`, never run.
import { type ParquetColumns, parquetSink } from "../../src/adapters/parquet.ts";
import { etl } from "../../src/index.ts";

const hyparquetWriter = {} as never;
const { load, wrap } = parquetSink("users.parquet", {
  hyparquetWriter,
  columns: {
    id: { type: "INT64", nullable: false },
    name: "STRING",
    price: { type: "DECIMAL", precision: 9, scale: 2 },
    at: "TIMESTAMP",
    tags: "JSON",
  },
});

etl({ name: "whole", extract: () => [{ id: 1, name: "Ada", price: "9.90", at: null }], load });
etl({ name: "others", extract: () => [{ id: 1n, age: 1 }], load });
etl({ name: "mapped", extract: () => [1], transform: (id) => ({ id }), load });
etl({
  name: "wrapped",
  extract: () => [1],
  load: wrap(async (ids: number[], _context, load) => await load(ids.map((id) => ({ id })))),
});
// @ts-expect-error It must have an id.
etl({ name: "no id", extract: () => [{ name: "Ada" }], load });
// @ts-expect-error A text is no time.
etl({ name: "no time", extract: () => [{ id: 1, at: "now" }], load });
etl({
  name: "wrapped",
  extract: () => [1],
  // @ts-expect-error A number is no text.
  load: wrap(async (ids: number[], _context, load) => await load([{ id: 1, name: ids[0] }])),
});

const untyped = parquetSink("any.parquet", { hyparquetWriter });
etl({ name: "any", extract: () => [{ id: 1, name: "Ada" }], load: untyped.load });
const read = parquetSink("any.parquet", { hyparquetWriter, columns: {} as ParquetColumns });
etl({ name: "any", extract: () => [{ id: 1, at: new Date() }], load: read.load });
const records: Record<string, unknown>[] = [];
etl({ name: "records", extract: () => records, load });
