import { type Chunks, chunks } from "../../streams/chunks.ts";
import { filesOf, type ParquetInput } from "./files.ts";
import { checkReadOptions, type PositionedRow, type ReadParquetOptions } from "./read-options.ts";
import { type ReadBytes, rowsOf } from "./rows.ts";

const action = "read Parquet";

/**
 * Reads Parquet. Yields arrays of at most 1000 rows, for `extract`. One row group is in memory at a time,
 * with only the requested columns.
 *
 * Values are those of hyparquet: 64-bit integers are `bigint`, timestamps and dates `Date`, lists arrays,
 * structs objects, JSON its value, bytes `Uint8Array`, null `null`. Two types lose digits: timestamps
 * finer than milliseconds (see `parsers`), and decimals, which become numbers.
 *
 * A file is read by byte ranges, its end first. So it must be a `Blob` or `File`, bytes, or any object
 * with `byteLength` and `slice`, such as the files of `openFiles` of `millrace/file` and
 * `asyncBufferFromUrl` of hyparquet. A stream or a response body is read into memory as a whole, if
 * `maxBytes` allows it.
 *
 * @throws {ConfigurationError} If an option breaks its rule, or `input` cannot be read from. Reading
 *   fails with it if a column is missing or a codec has no function in `compressors`, and with an
 *   `InputError` if the file is corrupt.
 *
 * @example Two columns of a file in a run
 * ```ts
 * import * as hyparquet from "hyparquet";
 * import { parquetWriteBuffer } from "hyparquet-writer";
 * import { etl } from "millrace";
 * import { readParquet } from "millrace/parquet";
 * import { deepEqual } from "node:assert/strict";
 *
 * const file = new Blob([parquetWriteBuffer({
 *   columnData: [
 *     { name: "id", data: [1n, 2n], type: "INT64" },
 *     { name: "name", data: ["Ada", null], type: "STRING" },
 *     { name: "note", data: ["…", "…"], type: "STRING" },
 *   ],
 * })]);
 * const loaded: object[] = [];
 * await etl({
 *   name: "users",
 *   extract: () => readParquet(file, { hyparquet, columns: ["id", "name"] }),
 *   load: (rows) => void loaded.push(...rows),
 * }).run();
 * deepEqual(loaded, [{ id: 1n, name: "Ada" }, { id: 2n, name: null }]);
 * ```
 */
export function readParquet<T extends object = Record<string, unknown>>(
  input: ParquetInput,
  options: ReadParquetOptions & { readonly positions: true },
): Chunks<PositionedRow<T>>;
/** Yields the rows alone, without their positions. */
export function readParquet<T extends object = Record<string, unknown>>(
  input: ParquetInput,
  options: ReadParquetOptions & { readonly positions?: false | undefined },
): Chunks<T>;
export function readParquet<T extends object>(
  input: ParquetInput,
  options: ReadParquetOptions,
): Chunks<T> | Chunks<PositionedRow<T>> {
  const settings = checkReadOptions(action, options);
  const stop = new AbortController();
  const { maxBytes } = settings;
  const files = filesOf(action, input, { maxBytes, signal: stop.signal });
  const progress: ReadBytes = { bytesRead: 0, bytesSkipped: 0 };
  const rows = rowsOf<T>(action, files, settings, progress);
  const stream = new ReadableStream<readonly (T | PositionedRow<T>)[]>({
    async pull(controller) {
      const { done, value } = await rows.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel(reason) {
      stop.abort(reason);
      // Nothing waits for a read that is pending.
      rows.return(undefined).catch(() => {});
    },
  }, { highWaterMark: 0 });
  Object.defineProperties(stream, { // By which a run knows how far it is.
    bytesRead: { get: () => progress.bytesRead },
    bytesSkipped: { get: () => progress.bytesSkipped },
  });
  return chunks(stream) as Chunks<T>;
}
