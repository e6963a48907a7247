import { encodeEach, type RowEncoder, rowEncoder } from "../../bytes/row-encoder.ts";
import { jsonOf } from "../../bytes/json-text.ts";

/**
 * Encodes rows as one JSON array, one row per line. The result is a pair of streams that accepts rows or
 * arrays of rows and yields bytes, and also the format of a sink for files. Without rows the file is
 * `[]`.
 *
 * A `BatchError` names any row that JSON cannot represent (`undefined`, a function, a bigint, a circular
 * object). A sink that writes the file can then give up on that row alone.
 *
 * @example Rows to bytes
 * ```ts
 * import { encodeJson } from "millrace/json";
 * import { deepEqual } from "node:assert/strict";
 *
 * const rows = new ReadableStream<object[]>({
 *   start(controller) {
 *     controller.enqueue([{ id: 1 }, { id: 2 }]);
 *     controller.close();
 *   },
 * });
 * const text = await new Response(rows.pipeThrough(encodeJson())).text();
 * deepEqual(JSON.parse(text), [{ id: 1 }, { id: 2 }]);
 * ```
 */
export function encodeJson<T = unknown>(): RowEncoder<T> {
  return rowEncoder<T>({
    head: () => "[",
    body: (rows) => encodeEach(rows, jsonOf).map((text) => `\n${text}`).join(","),
    separator: ",",
    tail: () => "\n]\n",
    extension: "json",
    contentType: "application/json",
  });
}
