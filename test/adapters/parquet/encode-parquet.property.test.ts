import fc from "fast-check";
import * as hyparquet from "hyparquet";
import * as hyparquetWriter from "hyparquet-writer";
import { expect, it } from "vitest";
import { encodeParquet, type ParquetColumn, readParquet } from "../../../src/adapters/parquet.ts";
import { fileOf, rowsOf } from "../../support/parquet/table.ts";

const date = (unit: number, most: number) =>
  fc.integer({ min: -most, max: most }).map((count) => new Date(count * unit));
/** Types, and values of them that are read as they were written. */
const types: readonly [ParquetColumn, fc.Arbitrary<unknown>][] = [
  ["BOOLEAN", fc.boolean()],
  ["INT32", fc.integer()],
  ["INT64", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ["FLOAT", fc.float()],
  ["DOUBLE", fc.double()],
  ["STRING", fc.string({ unit: "binary", maxLength: 40 })],
  ["STRING", fc.constantFrom("a", "b", "c")], // Which become a dictionary.
  ["BYTE_ARRAY", fc.uint8Array({ maxLength: 90 })],
  ["JSON", fc.jsonValue({ maxDepth: 2 }).map((value) => ({ value }))],
  ["TIMESTAMP", date(1, 8.64e15)],
  ["DATE", date(86_400_000, 100_000_000)],
  ["UUID", fc.uuid()],
];

const tables = fc.array(fc.nat(types.length - 1), { minLength: 1, maxLength: 5 }).chain(
  (chosen) => {
    const row = fc.tuple(...chosen.map((type) => fc.option(types[type]![1], { freq: 4 })));
    return fc.record({
      chosen: fc.constant(chosen),
      rows: fc.array(row, { maxLength: 60 }),
      chunk: fc.integer({ min: 1, max: 70 }),
      rowGroupSize: fc.integer({ min: 1, max: 50 }),
      from: fc.nat(60),
    });
  },
);

it("reads every table as it was written, from any row", async () => {
  await fc.assert(
    fc.asyncProperty(tables, async ({ chosen, rows, chunk, rowGroupSize, from }) => {
      const columns = Object.fromEntries(
        chosen.map((type, column) => [`c${column}`, types[type]![0]]),
      );
      const items = rows.map((values) =>
        Object.fromEntries(values.map((value, column) => [`c${column}`, value]))
      );
      const encoder = encodeParquet({ hyparquetWriter, columns, rowGroupSize });
      const chunks = items.map((_, index) => index).filter((index) => index % chunk === 0)
        .map((index) => items.slice(index, index + chunk));
      const file = await fileOf<Record<string, unknown>>(chunks, encoder);
      const row = Math.min(from, items.length);
      expect(await rowsOf(readParquet(file, { hyparquet, from: { row } })))
        .toEqual(items.slice(row));
    }),
    { seed: 1856, numRuns: 60 },
  );
});
