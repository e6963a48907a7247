import type { Awaitable } from "../../checkpoints/checkpoint.ts";
import { batched } from "../../streams/batched.ts";
import type { Source } from "../../streams/source.ts";

/** A row that a source is tested with. */
export interface SourceRow {
  /** Key to read the source by. */
  readonly key: unknown;
  /** A 32-bit integer that identifies the row. */
  readonly value: number;
}

/** Options of a read. */
export interface SourceReading {
  /** Number of rows to read at once. */
  readonly chunkSize: number;
  /** The key of the last row of an earlier read, after JSON; omitted to read all rows. */
  readonly after?: unknown;
}

/** A source under test, of an empty table. */
export interface TestedSource {
  /** Inserts rows into the table; they are stored when it settles. */
  insert(rows: readonly SourceRow[]): unknown;
  /** Creates a source of all rows of the table by their key, or of those above `after`. */
  read(reading: SourceReading): Source<{ readonly key: unknown; readonly value: unknown }>;
  /** Removes everything that `create` made, after the test, whatever its outcome. */
  close(): unknown;
}

/** Defines a test that is given a source of a type of key. */
export type DefineSourceTest = (
  name: string,
  type: string,
  test: (source: TestedSource) => Promise<void>,
) => unknown;

/** Outcome of a read: the rows, and the error that ended it. */
export interface Reading {
  readonly keys: unknown[];
  readonly values: number[];
  readonly error?: unknown;
}

/** Reads a source to its end, or to its failure. */
export async function readAll(source: TestedSource, reading: SourceReading): Promise<Reading> {
  const keys: unknown[] = [];
  const values: number[] = [];
  try {
    for await (const rows of pagesOf(source, reading)) {
      keys.push(...rows.map(({ key }) => key));
      values.push(...rows.map(({ value }) => Number(value)));
      // A read that never ends would keep the test from telling of it.
      if (values.length > maxRows) throw new Error("The source gives more rows than there are");
    }
  } catch (error) {
    return { keys, values, error };
  }
  return { keys, values };
}

const maxRows = 1000;

/** The rows of a source, one array for each page. */
export function pagesOf(
  source: TestedSource,
  reading: SourceReading,
): ReadableStream<{ readonly key: unknown; readonly value: unknown }[]> {
  return batched(source.read(reading), { batchSize: reading.chunkSize, timeout: 60_000 });
}

/** Rows of these keys, numbered from `first` on. */
export function rowsOfKeys(keys: readonly unknown[], first = 0): SourceRow[] {
  return keys.map((key, n) => ({ key, value: first + n }));
}

/** The same in an order that is not theirs. */
export function shuffled<T>(items: readonly T[]): T[] {
  const step = items.length % 7 === 0 ? 5 : 7; // No divisor of the length.
  return items.map((_, n) => items[(n * step) % items.length]!);
}

/** Returns a position as a checkpoint keeps it; a number that JSON lacks becomes a string. */
export function kept(position: unknown): unknown {
  return JSON.parse(JSON.stringify(position, (_, value: unknown) => {
    const isForeign = typeof value === "bigint" ||
      (typeof value === "number" && !Number.isFinite(value));
    return isForeign ? String(value) : value;
  }));
}

/** Creates a source for one test. */
export type CreateSource = (type: string) => Awaitable<TestedSource>;
