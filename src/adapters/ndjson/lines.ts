import type { Input } from "../../bytes/input.ts";
import { readLines } from "../../bytes/read-lines.ts";
import type { Positioned, ReaderOptions } from "../../bytes/reader-options.ts";
import { type Chunks, chunks } from "../../streams/chunks.ts";
import { malformed } from "../../streams/malformed.ts";

/** The options of `lines`. */
export interface LinesOptions extends ReaderOptions {
  /** If true, each line is yielded as `{ value, line, end }`, as in `readNdjson`. @default {false} */
  readonly positions?: boolean | undefined;
}

/**
 * Reads lines of text, including blank ones, without their breaks (LF or CRLF). Yields arrays of lines,
 * one array for each chunk of bytes. Otherwise it works like `readNdjson`.
 *
 * @throws {ConfigurationError} If an option breaks its rule, or `input` cannot be read from.
 *
 * @example The longest line of a text
 * ```ts
 * import { batched } from "millrace";
 * import { lines } from "millrace/ndjson";
 * import { deepEqual } from "node:assert/strict";
 *
 * const text = batched(lines(new Blob(["one\r\n\r\nthree"])), { batchSize: 10 });
 * deepEqual(await Array.fromAsync(text), [["one", "", "three"]]);
 * ```
 */
export function lines(
  input: Input,
  options: LinesOptions & { readonly positions: true },
): Chunks<Positioned<string>>;
/** Yields the lines as text, without their positions. */
export function lines(
  input: Input,
  options?: LinesOptions & { readonly positions?: false | undefined },
): Chunks<string>;
export function lines(
  input: Input,
  options: LinesOptions = {},
): Chunks<string> | Chunks<Positioned<string>> {
  const stream = readLines<string>("read lines", input, options, {
    what: "text",
    parse: (line) => line.endsWith("\r") ? line.slice(0, -1) : line,
    skipsBlank: false,
    malformed,
  });
  return chunks(stream) as Chunks<string>;
}
