import { encodeEach, type RowEncoder, rowEncoder } from "../../bytes/row-encoder.ts";
import { jsonOf } from "../../bytes/json-text.ts";

/**
 * Encodes rows as NDJSON. The result is a pair of streams that accepts rows or arrays of rows and yields
 * bytes, and also the format of a sink for files. Each row is encoded by `JSON.stringify`, which includes
 * `toJSON` and dates.
 *
 * A `BatchError` names any row that JSON cannot represent (`undefined`, a function, a bigint, a circular
 * object). A sink that writes the file can then give up on that row alone.
 *
 * @example Rows to bytes
 * ```ts
 * import { encodeNdjson } from "millrace/ndjson";
 * import { equal } from "node:assert/strict";
 *
 * const rows = new ReadableStream<object[]>({
 *   start(controller) {
 *     controller.enqueue([{ id: 1 }, { id: 2 }]);
 *     controller.close();
 *   },
 * });
 * equal(await new Response(rows.pipeThrough(encodeNdjson())).text(), '{"id":1}\n{"id":2}\n');
 * ```
 */
export function encodeNdjson<T = unknown>(): RowEncoder<T> {
  return rowEncoder<T>({
    head: () => "",
    body: (rows) => encodeEach(rows, jsonOf).map((text) => `${text}\n`).join(""),
    separator: "",
    tail: () => "",
    extension: "ndjson",
    contentType: "application/x-ndjson",
  });
}
