import { hasZlib } from "../../bytes/compress.ts";
import type { RowFormat } from "../../bytes/row-encoder.ts";
import {
  checkOptions,
  type Complete,
  fail,
  oneOf,
  type OptionTable,
  type Rule,
} from "../../options.ts";

/** How rows stand in the objects. */
export interface ObjectSinkOptions<T = unknown> {
  /**
   * The format: what `encodeNdjson()`, `encodeCsv(…)`, `encodeJson()` or `encodeParquet(…)` gives. Each
   * part is a whole file.
   */
  readonly format: RowFormat<T>;
  /**
   * What the keys of all objects begin with, such as `"exports/"`. The name of the pipeline and a slash
   * follow.
   *
   * @default {""}
   */
  readonly prefix?: string | undefined;
  /**
   * How each part is compressed. `"zstd"` needs Node 22.15, Deno or Bun.
   *
   * @default {"none"}
   */
  readonly compress?: "none" | "gzip" | "zstd" | undefined;
}

/** The options, checked. */
export type ObjectSinkSettings<T> = Complete<ObjectSinkOptions<T>>;

const rowFormat: Rule = {
  expected: "a format such as encodeNdjson()",
  test: (value) => {
    const { head, body, tail } = Object(value) as { [K in keyof RowFormat<unknown>]?: unknown };
    return [head, body, tail].every((member) => typeof member === "function");
  },
};

const prefixRule: Rule = {
  expected: 'the beginning of keys, such as "exports/", which neither begins with "/" nor has ".."',
  test: (value) => typeof value === "string" && !/^\/|(?:^|\/)\.\.(?:\/|$)/.test(value),
};

const optionTable: OptionTable<ObjectSinkOptions> = {
  format: [rowFormat],
  prefix: [prefixRule, ""],
  compress: [oneOf("none", "gzip", "zstd"), "none"],
};

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkSinkOptions<T>(
  action: string,
  options: ObjectSinkOptions<T>,
): ObjectSinkSettings<T> {
  const settings = checkOptions(action, options, optionTable) as ObjectSinkSettings<T>;
  if (settings.format === undefined) fail(action, "format", rowFormat.expected, undefined);
  if (settings.compress === "zstd" && !hasZlib("zstd")) {
    fail(action, "compress", "a format that this platform has", "zstd");
  }
  if (settings.format.indexed !== undefined && settings.compress !== "none") {
    const rule = `"none" for a format that compresses by itself`;
    fail(action, "compress", rule, settings.compress);
  }
  return settings;
}
