import { decompressed } from "../../bytes/decompress.ts";
import type { Input } from "../../bytes/input.ts";
import {
  type Positioned,
  positionsRule,
  type ReaderOptions,
  readerOptions,
} from "../../bytes/reader-options.ts";
import { recordStream } from "../../bytes/records.ts";
import { checkOptions, type OptionTable } from "../../plain-options.ts";
import { type Chunks, chunks } from "../../streams/chunks.ts";
import { malformed } from "../../streams/malformed.ts";
import { JsonParser } from "./json-parser.ts";
import { parsePath, pathRule } from "./json-path.ts";
import { utf8Source } from "./utf8-source.ts";

/** The options of `readJson`. */
export interface ReadJsonOptions extends ReaderOptions {
  /**
   * Path of the records: `$`, then names (`.data` or `["data"]`), indexes (`[0]`) and `[*]` for
   * every element of an array.
   * @default {"$[*]"}
   */
  readonly path?: string | undefined;
  /**
   * If true, each record is yielded as `{ value, line, end }`. `line` is the line in which it begins.
   * `end` is the offset of the byte after it, in decompressed UTF-8.
   * @default {false}
   */
  readonly positions?: boolean | undefined;
}

const table: OptionTable<ReadJsonOptions> = {
  ...readerOptions,
  ...positionsRule,
  path: [pathRule, "$[*]"],
};

/**
 * Reads the values of a JSON document that a path leads to, by default the elements of its array. Yields
 * arrays of records, one array for each chunk of bytes, for `extract`. Memory is bounded by the chunk and
 * one record, however large the document is. A compressed input is decompressed.
 *
 * A record whose brackets match but that is not JSON is malformed. It fails the source with a
 * `RecordError`; with `malformed: "item"` it is yielded in its place. The source always fails if the
 * document is truncated, is not JSON elsewhere, or has nothing at the path. The records before that are
 * yielded first. Cancelling cancels the input, even while a read is pending.
 *
 * @throws {ConfigurationError} If an option breaks its rule, or `input` cannot be read from.
 *
 * @example A list inside an answer
 * ```ts
 * import { batched } from "millrace";
 * import { readJson } from "millrace/json";
 * import { deepEqual } from "node:assert/strict";
 *
 * const answer = new Response('{"count":2,"data":[{"id":1},{"id":2}]}');
 * const users = readJson<{ id: number }>(answer, { path: "$.data[*]" });
 * deepEqual(await Array.fromAsync(batched(users, { batchSize: 10 })), [[{ id: 1 }, { id: 2 }]]);
 * ```
 */
export function readJson<T = unknown>(
  input: Input,
  options: ReadJsonOptions & { readonly positions: true },
): Chunks<Positioned<T>>;
/** Yields the records alone, without their positions. */
export function readJson<T = unknown>(
  input: Input,
  options?: ReadJsonOptions & { readonly positions?: false | undefined },
): Chunks<T>;
export function readJson<T>(
  input: Input,
  options: ReadJsonOptions = {},
): Chunks<T> | Chunks<Positioned<T>> {
  const action = "read JSON";
  const checked = checkOptions<ReadJsonOptions, "encoding">(action, options, table);
  const parsing = {
    ...checked,
    steps: parsePath(checked.path)!,
    malformed: checked.malformed === "item" ? malformed : undefined,
  };
  const stream = recordStream<T | Positioned<T>>({
    action,
    input,
    prepare: (source) =>
      utf8Source(decompressed(source, { format: checked.decompress }), checked.encoding),
    parserOf: (source) => new JsonParser<T>(source, parsing),
  });
  return chunks(stream) as Chunks<T>;
}
