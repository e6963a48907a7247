// Checked by the compiler alone: what rows of CSV are.
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { encodeCsv, type Positioned, readCsv, type RowEncoder } from "../../src/adapters/csv.ts";
import type { Chunks } from "../../src/streams/chunks.ts";

declare const file: Blob;

// Rows.
expectTypeOf(readCsv(file)).toEqualTypeOf<Chunks<Record<string, string>>>();
expectTypeOf(readCsv(file, { empty: null }))
  .toEqualTypeOf<Chunks<Record<string, string | null>>>();
expectTypeOf(readCsv(file, { header: false })).toEqualTypeOf<Chunks<string[]>>();
expectTypeOf(readCsv(file, { header: ["a", "b"], empty: null }))
  .toEqualTypeOf<Chunks<{ a: string | null; b: string | null }>>();
expectTypeOf(readCsv(file, { positions: true }))
  .toEqualTypeOf<Chunks<Positioned<Record<string, string>>>>();

// Columns.
const typed = readCsv(file, {
  columns: {
    id: "number",
    at: "date?",
    big: "bigint",
    ok: "boolean?",
    any: "json",
    note: "string?",
    tags: (text) => text.split(" "),
  },
});
type Typed = typeof typed extends Chunks<infer Row> ? Row : never;
expectTypeOf<Typed["id"]>().toEqualTypeOf<number>();
expectTypeOf<Typed["at"]>().toEqualTypeOf<Date | null>();
expectTypeOf<Typed["big"]>().toEqualTypeOf<bigint>();
expectTypeOf<Typed["ok"]>().toEqualTypeOf<boolean | null>();
expectTypeOf<Typed["any"]>().toEqualTypeOf<unknown>();
expectTypeOf<Typed["note"]>().toEqualTypeOf<string | null>();
expectTypeOf<Typed["tags"]>().toEqualTypeOf<string[]>();
expectTypeOf<Typed["other"]>().toEqualTypeOf<unknown>();
expectTypeOf(readCsv(file, { header: ["id", "name"], columns: { id: "number" } }))
  .toEqualTypeOf<Chunks<{ id: number; name: string }>>();

// A schema.
const schema = z.object({ id: z.coerce.number(), name: z.string().nullable() });
expectTypeOf(readCsv(file, { schema }))
  .toEqualTypeOf<Chunks<{ id: number; name: string | null }>>();
expectTypeOf(readCsv(file, { schema, positions: true }))
  .toEqualTypeOf<Chunks<Positioned<{ id: number; name: string | null }>>>();

// Rows that are written.
expectTypeOf(encodeCsv()).toEqualTypeOf<RowEncoder<Record<string, unknown>>>();
expectTypeOf(encodeCsv<{ id: number }>({ columns: ["id"] }))
  .toEqualTypeOf<RowEncoder<{ id: number }>>();

// @ts-expect-error No such option.
readCsv(file, { delimeter: ";" });
// @ts-expect-error No such type.
readCsv(file, { columns: { id: "integer" } });
// @ts-expect-error No such column.
encodeCsv<{ id: number }>({ columns: ["name"] });
