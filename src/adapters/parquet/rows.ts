import { ConfigurationError, messageOf } from "../../errors.ts";
import { InputError } from "../../bytes/record-error.ts";
import { fail } from "../../plain-options.ts";
import type { ListedFile } from "./files.ts";
import type { ParquetMetadata, ParquetScan } from "./hyparquet.ts";
import type { PositionedRow, ReadParquetSettings } from "./read-options.ts";

/** The most rows that are made at once: what a batch has where no option says otherwise. */
const maxRows = 1000;

/** Codecs that hyparquet knows by itself. */
const ownCodecs = ["UNCOMPRESSED", "SNAPPY"];

/** Progress of reading in bytes of whole files, as if rows were alike and all columns were read. */
export interface ReadBytes {
  bytesRead: number;
  /** Of rows that stand before the first one, and of whole files where their sizes are known. */
  bytesSkipped: number;
}

/** Yields the rows of files, one row group after the other. */
export async function* rowsOf<T extends object>(
  action: string,
  files: AsyncIterable<ListedFile>,
  settings: ReadParquetSettings,
  progress: ReadBytes,
): AsyncGenerator<readonly (T | PositionedRow<T>)[], void, void> {
  const { from } = settings;
  let isFound = from?.name === undefined;
  let start = from?.row ?? 0;
  for await (const file of files) {
    isFound ||= file.name === from?.name;
    if (!isFound) {
      progress.bytesSkipped += file.size ?? 0;
      continue;
    }
    yield* rowsIn<T>(action, file, start, settings, progress);
    start = 0;
  }
  if (!isFound) fail(action, "from.name", "a file of the list", from?.name);
}

async function* rowsIn<T extends object>(
  action: string,
  file: ListedFile,
  start: number,
  settings: ReadParquetSettings,
  progress: ReadBytes,
): AsyncGenerator<readonly (T | PositionedRow<T>)[], void, void> {
  const { columns, scan, groups, size } = await opened(action, file, start, settings);
  const rowCount = groups.at(-1)?.end ?? 0;
  const before = progress.bytesRead;
  const skipped = rowCount === 0 ? 0 : Math.round(size * start / rowCount);
  progress.bytesSkipped += skipped;
  for (const range of scan.ranges) {
    const data = await told(
      file,
      groups.find((group) => group.end > range.rowStart)?.byte ?? 0,
      () => Promise.all(columns.map((column) => scan.readColumn({ column, ...range }))),
    );
    for (let row = range.rowStart; row < range.rowEnd; row += maxRows) {
      const end = Math.min(row + maxRows, range.rowEnd);
      progress.bytesRead = before + Math.round(size * end / rowCount) - skipped;
      const rows = transposed<T>(columns, data, row - range.rowStart, end - range.rowStart);
      yield settings.positions
        ? rows.map((value, index) => ({ value, name: file.name, row: row + index }))
        : rows;
    }
  }
  progress.bytesRead = before + size - skipped; // Also of a file without rows.
}

/** Facts about a file once its end was read. */
interface Opened {
  readonly columns: readonly string[];
  readonly scan: ParquetScan;
  /** Its bytes. */
  readonly size: number;
  /** The number of the row after each group, and where its bytes begin. */
  readonly groups: readonly { readonly end: number; readonly byte: number }[];
}

async function opened(
  action: string,
  file: ListedFile,
  start: number,
  settings: ReadParquetSettings,
): Promise<Opened> {
  const { hyparquet, utf8, compressors, parsers } = settings;
  const bytes = await told(file, 0, () => file.open());
  const metadata = await told(file, 0, () => hyparquet.parquetMetadataAsync(bytes));
  const there = columnsOf(metadata);
  const columns = [...settings.columns ?? there];
  for (const name of columns) {
    const within = file.name === "" ? "" : ` of ${file.name}`;
    if (!there.includes(name)) {
      fail(action, "columns", `columns${within} (${there.join(", ")})`, name);
    }
  }
  checkCodecs(action, metadata, columns, settings);
  const groups = groupsOf(metadata);
  const count = groups.at(-1)?.end ?? 0;
  if (start > count) fail(action, "from.row", `at most ${count}, the rows of the file`, start);
  const options = { file: bytes, metadata, columns, rowStart: start, utf8, compressors, parsers };
  const scan = await told(file, 0, () => hyparquet.parquetScan(options as never));
  return { columns, scan, groups, size: bytes.byteLength };
}

/** The names of the columns, of which each stands before what it is made of. */
function columnsOf({ schema }: ParquetMetadata): string[] {
  const names: string[] = [];
  let within = 0;
  for (const { name, num_children: children = 0 } of schema.slice(1)) {
    if (within === 0) names.push(name);
    else within--;
    within += children;
  }
  return names;
}

/** Before anything is decoded, with the name of what is missing. */
function checkCodecs(
  action: string,
  { row_groups: groups }: ParquetMetadata,
  columns: readonly string[],
  { compressors = {} }: ReadParquetSettings,
): void {
  for (const { meta_data: data } of groups.flatMap((group) => group.columns)) {
    if (data === undefined || !columns.includes(data.path_in_schema[0]!)) continue;
    if (ownCodecs.includes(data.codec) || typeof compressors[data.codec] === "function") continue;
    const rule = `functions, of which one is for ${data.codec}, such as those of ` +
      "hyparquet-compressors";
    fail(action, "compressors", rule, compressors[data.codec]);
  }
}

function groupsOf({ row_groups: groups }: ParquetMetadata): Opened["groups"] {
  let end = 0;
  return groups.map(({ num_rows: count, columns }) => {
    end += Number(count);
    return { end, byte: Number(columns[0]?.meta_data?.data_page_offset ?? 0) };
  });
}

/** Rows of the values of columns. */
function transposed<T extends object>(
  columns: readonly string[],
  data: readonly ArrayLike<unknown>[],
  start: number,
  end: number,
): T[] {
  const rows: T[] = [];
  for (let index = start; index < end; index++) {
    const row: Record<string, unknown> = {};
    for (let column = 0; column < columns.length; column++) {
      row[columns[column]!] = data[column]![index] ?? null;
    }
    rows.push(row as T);
  }
  return rows;
}

/** Does something with a file, and names it in the error. */
async function told<R>({ name }: ListedFile, byte: number, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigurationError || error instanceof InputError) throw error;
    throw new InputError(`Parquet: ${messageOf(error)}`, name, byte, { cause: error });
  }
}
