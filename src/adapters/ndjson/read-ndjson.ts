import type { Input } from "../../bytes/input.ts";
import { readLines } from "../../bytes/read-lines.ts";
import type { Positioned, ReaderOptions } from "../../bytes/reader-options.ts";
import { type Chunks, chunks } from "../../streams/chunks.ts";
import { malformed } from "../../streams/malformed.ts";

/** The options of `readNdjson`. */
export interface ReadNdjsonOptions extends ReaderOptions {
  /**
   * If true, each record is yielded as `{ value, line, end }`. `end` is the offset of the byte after the
   * record and its line break. For a compressed input, it counts decompressed bytes.
   * @default {false}
   */
  readonly positions?: boolean | undefined;
}

/**
 * Reads NDJSON: one JSON value per line. Yields arrays of records, one array for each chunk of bytes, for
 * `extract`. Line breaks are LF or CRLF. Blank lines are skipped, and the last line needs no break. A
 * compressed input is decompressed.
 *
 * Nothing is read before it is requested. A line that is not JSON, is too long, or is invalid in the
 * encoding fails the source with a `RecordError`, after the records before it were yielded. With
 * `malformed: "item"` it is yielded in its place and becomes a dead letter. Cancelling cancels the input,
 * even while a read is pending.
 *
 * @throws {ConfigurationError} If an option breaks its rule, or `input` cannot be read from.
 *
 * @example A file in a run
 * ```ts
 * import { etl } from "millrace";
 * import { readNdjson } from "millrace/ndjson";
 * import { deepEqual } from "node:assert/strict";
 *
 * const file = new File(['{"id":1}\n{"id":2}\n'], "users.ndjson");
 * const loaded: { id: number }[] = [];
 * await etl({
 *   name: "users",
 *   extract: () => readNdjson<{ id: number }>(file),
 *   load: (rows) => void loaded.push(...rows),
 * }).run();
 * deepEqual(loaded, [{ id: 1 }, { id: 2 }]);
 * ```
 */
export function readNdjson<T = unknown>(
  input: Input,
  options: ReadNdjsonOptions & { readonly positions: true },
): Chunks<Positioned<T>>;
/** Yields the records alone, without their positions. */
export function readNdjson<T = unknown>(
  input: Input,
  options?: ReadNdjsonOptions & { readonly positions?: false | undefined },
): Chunks<T>;
export function readNdjson<T>(
  input: Input,
  options: ReadNdjsonOptions = {},
): Chunks<T> | Chunks<Positioned<T>> {
  const stream = readLines<T>("read NDJSON", input, options, {
    what: "JSON",
    parse: (line) => JSON.parse(line) as T,
    skipsBlank: true,
    malformed,
  });
  return chunks(stream) as Chunks<T>;
}
