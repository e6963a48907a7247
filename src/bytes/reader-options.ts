import {
  oneOf,
  type OptionTable,
  positiveIntegerOrInfinity,
  type Rule,
  truthValue,
} from "../plain-options.ts";
import { encodingName } from "./text.ts";

/** A compression format. */
export type CompressionFormat = "gzip" | "deflate" | "deflate-raw" | "brotli" | "zstd";

/** Options of all readers of records. */
export interface ReaderOptions {
  /**
   * Compression of the input. `"auto"` detects gzip, zstd and zlib by their first bytes; brotli and
   * raw deflate cannot be detected.
   * @default {"auto"}
   */
  readonly decompress?: "auto" | "none" | CompressionFormat | undefined;
  /**
   * The encoding of the text, by a name that `TextDecoder` knows. By default a byte-order mark decides,
   * and UTF-8 is assumed if there is none. Bytes that are invalid in the encoding are an error.
   */
  readonly encoding?: string | undefined;
  /** The maximum size of one record, in bytes. A longer one is malformed. @default {16_777_216} */
  readonly maxRecordBytes?: number | undefined;
  /**
   * Handling of a record that cannot be read: `"error"` fails the source after all records before
   * it; `"item"` passes it on as `malformed(text, error)`, which a run dead-letters.
   * @default {"error"}
   */
  readonly malformed?: "error" | "item" | undefined;
}

const formats = ["gzip", "deflate", "deflate-raw", "brotli", "zstd"];

/** The rule of a compression format. */
export const compressionRule: Rule = oneOf(...formats);

/** The rule of a format to decompress, or of `"auto"` or `"none"`. */
export const formatRule: Rule = oneOf("auto", "none", ...formats);

/** The rules and the defaults of `ReaderOptions`. */
export const readerOptions: OptionTable<ReaderOptions> = {
  decompress: [formatRule, "auto"],
  encoding: [encodingName],
  maxRecordBytes: [positiveIntegerOrInfinity, 16_777_216],
  malformed: [oneOf("error", "item"), "error"],
};

/** The rule of `positions`, for the readers that support it. */
export const positionsRule: OptionTable<{ positions?: boolean }> = {
  positions: [truthValue, false],
};

/** A record and its place in its input. */
export interface Positioned<T> {
  /** The record. */
  readonly value: T;
  /** The number of the line in which it begins, from 1. */
  readonly line: number;
  /** The offset of the byte after the record and its line break. Reading resumes here. */
  readonly end: number;
  /** The name of its input, if that input is in a list and has a name. */
  readonly name?: string;
}

/** Returns a record with its place. */
export function positioned<T>(
  value: T,
  line: number,
  end: number,
  name: string | undefined,
): Positioned<T> {
  return name === undefined ? { value, line, end } : { value, line, end, name };
}
