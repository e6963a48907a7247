import { checkOptions } from "../plain-options.ts";
import { decompressed } from "./decompress.ts";
import type { Input } from "./input.ts";
import { LineParser, type LineParserOptions } from "./line-parser.ts";
import {
  type Positioned,
  positionsRule,
  type ReaderOptions,
  readerOptions,
} from "./reader-options.ts";
import { recordStream } from "./records.ts";

/**
 * Yields the lines of an input as records.
 *
 * @throws {ConfigurationError} If an option breaks its rule, or `input` cannot be read from.
 */
export function readLines<T>(
  action: string,
  input: Input,
  options: ReaderOptions & { readonly positions?: boolean | undefined },
  format: Pick<LineParserOptions<T>, "what" | "parse" | "skipsBlank" | "malformed">,
): ReadableStream<(T | Positioned<T>)[]> {
  const table = { ...readerOptions, ...positionsRule };
  const checked = checkOptions<typeof options, "encoding">(action, options, table);
  const parsing = {
    ...format,
    ...checked,
    malformed: checked.malformed === "item" ? format.malformed : undefined,
  };
  return recordStream<T | Positioned<T>>({
    action,
    input,
    prepare: (source) => decompressed(source, { format: checked.decompress }),
    parserOf: (source) => new LineParser(source, parsing),
  });
}
