/**
 * Reads and writes NDJSON (JSON lines), and reads lines of any text, on all runtimes.
 * @module
 */
export { encodeNdjson } from "./ndjson/encode-ndjson.ts";
export { lines, type LinesOptions } from "./ndjson/lines.ts";
export { readNdjson, type ReadNdjsonOptions } from "./ndjson/read-ndjson.ts";
export type { ByteChunk, ByteInput, Input, InputStart, NamedInput } from "../bytes/input.ts";
export type { CompressionFormat, Positioned, ReaderOptions } from "../bytes/reader-options.ts";
export { InputError, RecordError } from "../bytes/record-error.ts";
export type { RowEncoder, RowFormat } from "../bytes/row-encoder.ts";
