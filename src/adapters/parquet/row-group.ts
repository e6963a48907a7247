import { fail } from "../../plain-options.ts";
import type { IndexedBody, PlacedBody } from "../../bytes/row-encoder.ts";
import { boundFrom, type KeptBound, keptBound } from "./bounds.ts";
import { columnTypes } from "./column-types.ts";
import { type Column, schemaOf } from "./columns.ts";
import type { HyparquetWriter, WrittenColumn } from "./hyparquet-writer.ts";

/** Settings of all row groups of an encoder. */
export interface GroupSettings {
  readonly hyparquetWriter: HyparquetWriter;
  readonly codec: string;
  readonly compressors: object | undefined;
}

/** Entry of a row group in the end of a file, as JSON; offsets are from its first byte. */
interface AboutGroup {
  readonly rows: number;
  readonly codec: string;
  /** The columns, in words. */
  readonly columns: string;
  readonly chunks: readonly AboutChunk[];
}

/** The values of one column in a row group. */
interface AboutChunk {
  readonly encodings: readonly string[];
  /** Its bytes. */
  readonly size: number;
  /** Its bytes before they are compressed. */
  readonly plain: number;
  readonly data: number;
  readonly dictionary?: number;
  readonly nulls: number;
  readonly min?: KeptBound;
  readonly max?: KeptBound;
}

/** First bytes of a file. */
export const magic = "PAR1";

/** Columns in words: they are the same where these are. */
function wordsOf(columns: readonly Column[]): string {
  return columns.map(({ name, type, nullable, precision, scale }) => {
    const digits = type === "DECIMAL" ? `(${precision}, ${scale})` : "";
    return `${JSON.stringify(name)} ${type}${digits}${nullable ? "" : " not null"}`;
  }).join(", ");
}

/** Writes a row group of the values of columns. */
export function writeGroup(
  columns: readonly Column[],
  values: readonly unknown[][],
  { hyparquetWriter, codec, compressors }: GroupSettings,
): IndexedBody {
  const rows = values[0]!.length;
  const { writer, bytes } = fileWriter(columns, { hyparquetWriter, codec, compressors });
  const columnData = columns.map(({ name, type }, index) => ({
    name,
    data: values[index],
    offsetIndex: false, // It would stand at the end of the file.
    statistics: type !== "JSON", // Their bounds cannot be shortened, and tell nothing.
  }));
  writer.write({ columnData, rowGroupSize: rows } as never);
  const [group] = writer.row_groups;
  const chunks = group!.columns.map(aboutChunk);
  const about: AboutGroup = { rows, codec, columns: wordsOf(columns), chunks };
  return { bytes: bytes(), about };
}

/**
 * Writes the end of a file that has these row groups.
 *
 * @throws {ConfigurationError} If one of them has other columns.
 */
export function writeEnd(
  action: string,
  columns: readonly Column[],
  bodies: readonly PlacedBody[],
  settings: GroupSettings,
): Uint8Array {
  const { writer, bytes } = fileWriter(columns, settings);
  const words = wordsOf(columns);
  const groups = bodies.map(({ offset, about }) => {
    const group = about as AboutGroup;
    if (group.columns !== words) {
      fail(action, "columns", `those of the file: ${group.columns}`, words);
    }
    return groupFrom(group, offset, columns);
  });
  writer.row_groups = groups;
  writer.num_rows = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  writer.finish();
  return bytes();
}

/** A writer, and what it has written behind the beginning of a file. */
function fileWriter(
  columns: readonly Column[],
  { hyparquetWriter: { ByteWriter, ParquetWriter }, codec, compressors }: GroupSettings,
) {
  const collected = new ByteWriter();
  const options = {
    writer: collected,
    schema: schemaOf(columns),
    codec,
    createdBy: "millrace",
    ...(compressors !== undefined && { compressors }),
  };
  const writer = new ParquetWriter(options as never);
  return { writer, bytes: () => collected.getBytes().slice(magic.length) };
}

function aboutChunk({ meta_data: data }: WrittenColumn): AboutChunk {
  const { dictionary_page_offset: dictionary, statistics = {} } = data!;
  const min = keptBound(statistics.min_value);
  const max = keptBound(statistics.max_value);
  return {
    encodings: data!.encodings,
    size: Number(data!.total_compressed_size),
    plain: Number(data!.total_uncompressed_size),
    data: Number(data!.data_page_offset) - magic.length,
    ...(dictionary !== undefined && { dictionary: Number(dictionary) - magic.length }),
    nulls: Number(statistics.null_count ?? -1),
    ...(min !== undefined && max !== undefined && { min, max }),
  };
}

/** A row group as hyparquet-writer tells of it at the end of a file. */
function groupFrom(
  { rows, codec, chunks }: AboutGroup,
  offset: number,
  columns: readonly Column[],
) {
  const sum = (sizeOf: (chunk: AboutChunk) => number) =>
    BigInt(chunks.reduce((total, chunk) => total + sizeOf(chunk), 0));
  return {
    columns: chunks.map((chunk, index) => chunkFrom(chunk, rows, codec, offset, columns[index]!)),
    num_rows: BigInt(rows),
    total_byte_size: sum(({ plain }) => plain),
    total_compressed_size: sum(({ size }) => size),
  };
}

function chunkFrom(
  { encodings, size, plain, data, dictionary, nulls, min, max }: AboutChunk,
  rows: number,
  codec: string,
  offset: number,
  { name, type }: Column,
) {
  return {
    file_offset: BigInt(offset + (dictionary ?? data)),
    meta_data: {
      type: columnTypes[type].element["type"],
      encodings,
      path_in_schema: [name],
      codec,
      num_values: BigInt(rows),
      total_uncompressed_size: BigInt(plain),
      total_compressed_size: BigInt(size),
      data_page_offset: BigInt(offset + data),
      ...(dictionary !== undefined && { dictionary_page_offset: BigInt(offset + dictionary) }),
      ...(nulls >= 0 && {
        statistics: {
          null_count: BigInt(nulls),
          ...(min !== undefined && { min_value: boundFrom(min) }),
          ...(max !== undefined && { max_value: boundFrom(max) }),
        },
      }),
    },
  } as WrittenColumn;
}
