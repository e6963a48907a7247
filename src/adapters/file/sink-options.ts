import type { RowFormat } from "../../bytes/row-encoder.ts";
import { checkFormat, compressOption, formatOption } from "../../bytes/sink-format.ts";
import { checkOptions, type Complete, oneOf, type OptionTable } from "../../options.ts";

/** Options of `fileSink`. */
export interface FileSinkOptions<T = unknown> {
  /**
   * The format: the result of `encodeNdjson()`, `encodeCsv(…)`, `encodeParquet(…)` or another
   * `RowFormat`.
   */
  readonly format: RowFormat<T>;
  /**
   * Compression of the file. Each batch is its own member, as a file may be cut between them. With
   * batches of a few hundred kilobytes this costs almost no space. `"zstd"` needs Node 22.15, Deno or
   * Bun.
   *
   * @default {"none"}
   */
  readonly compress?: "none" | "gzip" | "zstd" | undefined;
  /**
   * Handling of an existing file that no earlier run of this sink has written, or whose checkpoint was
   * removed since: `"error"` fails the run, `"replace"` overwrites the file. With `"replace"`, a run
   * without `checkpoints` also starts over in a file that an earlier run of this sink has written.
   *
   * @default {"error"}
   */
  readonly exists?: "error" | "replace" | undefined;
}

/** The options, checked. */
export type FileSinkSettings<T> = Complete<FileSinkOptions<T>>;

const optionTable: OptionTable<FileSinkOptions> = {
  format: [formatOption],
  compress: [compressOption, "none"],
  exists: [oneOf("error", "replace"), "error"],
};

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkSinkOptions<T>(
  action: string,
  options: FileSinkOptions<T>,
): FileSinkSettings<T> {
  const settings = checkOptions(action, options, optionTable) as FileSinkSettings<T>;
  checkFormat(action, settings);
  return settings;
}
