/**
 * Options of sinks that write files: the format of the rows, and the compression.
 * @module
 */
import { fail, oneOf, type Rule } from "../options.ts";
import { hasZlib } from "./compress.ts";
import type { RowFormat } from "./row-encoder.ts";

/** Format and compression of files. */
interface FormatSettings {
  readonly format: RowFormat<never> | undefined;
  readonly compress: "none" | "gzip" | "zstd";
}

/** The rule of `format`. */
export const formatOption: Rule = {
  expected: "a format such as encodeNdjson()",
  test: (value) => {
    const { head, body, tail } = Object(value) as { [K in keyof RowFormat<unknown>]?: unknown };
    return [head, body, tail].every((member) => typeof member === "function");
  },
};

/** The rule of `compress`. */
export const compressOption: Rule = oneOf("none", "gzip", "zstd");

/** @throws {ConfigurationError} If there is no format, or it does not support this compression. */
export function checkFormat(action: string, { format, compress }: FormatSettings): void {
  if (format === undefined) fail(action, "format", formatOption.expected, undefined);
  if (compress === "zstd" && !hasZlib("zstd")) {
    fail(action, "compress", "a format that this platform has", "zstd");
  }
  if (format.indexed !== undefined && compress !== "none") {
    fail(action, "compress", '"none" for a format that compresses by itself', compress);
  }
}
