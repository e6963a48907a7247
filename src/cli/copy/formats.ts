/** A format of rows in a file. */
export type Format = "csv" | "tsv" | "ndjson" | "json" | "parquet";

/** Compression of a file. */
export type Compression = "none" | "gzip" | "brotli" | "zstd";

/** Format by the name of a file: `users.csv.gz` is CSV in gzip. */
export interface FileFormat {
  /** Format of its rows. */
  readonly format: Format;
  /** Compression of its bytes. */
  readonly compression: Compression;
}

const formats: Readonly<Record<string, Format>> = {
  csv: "csv",
  tsv: "tsv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
  parquet: "parquet",
};

const compressions: Readonly<Record<string, Compression>> = {
  gz: "gzip",
  br: "brotli",
  zst: "zstd",
};

/** The formats in words. */
export const formatWords: string = "csv, tsv, ndjson, jsonl, json or parquet, also with .gz, .br " +
  "or .zst behind it";

/** The format that the end of a name tells, if it tells one: `csv` and `a/users.csv.gz` do. */
export function formatOf(name: string): FileFormat | undefined {
  const parts = name.slice(name.search(/[^\\/]*$/)).toLowerCase().split(".");
  const last = parts.at(-1) ?? "";
  const isCompressed = Object.hasOwn(compressions, last);
  const format = isCompressed ? parts.at(-2) ?? "" : last;
  if (!Object.hasOwn(formats, format)) return undefined;
  return {
    format: formats[format]!,
    compression: isCompressed ? compressions[last]! : "none",
  };
}
