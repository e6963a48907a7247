import { encodeEach, type RowEncoder, rowEncoder } from "../../bytes/row-encoder.ts";
import { jsonOf } from "../../bytes/json-text.ts";

/**
 * Makes an encoder of rows as NDJSON: a pair of streams that takes rows or arrays of rows and gives bytes,
 * and the parts that files are written with. A row is what `JSON.stringify` makes of it, `toJSON` and
 * dates included.
 *
 * A row that has no JSON (`undefined`, a function, a bigint, a circle) is named in a `BatchError`, so
 * that it alone is given up on where a sink writes the file.
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
