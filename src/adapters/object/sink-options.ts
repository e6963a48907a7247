import type { RowFormat } from "../../bytes/row-encoder.ts";
import { checkFormat, compressOption, formatOption } from "../../bytes/sink-format.ts";
import { checkOptions, type Complete, type OptionTable, type Rule } from "../../options.ts";

/** Options of `objectSink`. */
export interface ObjectSinkOptions<T = unknown> {
  /**
   * The format: the result of `encodeNdjson()`, `encodeCsv(…)`, `encodeJson()` or `encodeParquet(…)`.
   * Each part is a complete file.
   */
  readonly format: RowFormat<T>;
  /**
   * Prefix of the keys of all objects, such as `"exports/"`. The name of the pipeline and a slash
   * follow.
   *
   * @default {""}
   */
  readonly prefix?: string | undefined;
  /**
   * Compression of each part. `"zstd"` needs Node 22.15, Deno or Bun.
   *
   * @default {"none"}
   */
  readonly compress?: "none" | "gzip" | "zstd" | undefined;
}

/** The options, checked. */
export type ObjectSinkSettings<T> = Complete<ObjectSinkOptions<T>>;

const prefixRule: Rule = {
  expected: 'the beginning of keys, such as "exports/", which neither begins with "/" nor has ".."',
  test: (value) => typeof value === "string" && !/^\/|(?:^|\/)\.\.(?:\/|$)/.test(value),
};

const optionTable: OptionTable<ObjectSinkOptions> = {
  format: [formatOption],
  prefix: [prefixRule, ""],
  compress: [compressOption, "none"],
};

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkSinkOptions<T>(
  action: string,
  options: ObjectSinkOptions<T>,
): ObjectSinkSettings<T> {
  const settings = checkOptions(action, options, optionTable) as ObjectSinkSettings<T>;
  checkFormat(action, settings);
  return settings;
}
