import { encodeEach, type RowEncoder, rowEncoder } from "../../bytes/row-encoder.ts";
import { jsonOf } from "../../bytes/json-text.ts";

/**
 * Makes an encoder of rows as one JSON array, a row on each line: a pair of streams that takes rows or
 * arrays of rows and gives bytes, and the parts that files are written with. Without rows it is `[]`.
 *
 * A row that has no JSON (`undefined`, a function, a bigint, a circle) is named in a `BatchError`, so
 * that it alone is given up on where a sink writes the file.
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
