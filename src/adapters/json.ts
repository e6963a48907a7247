/**
 * Reads large JSON documents in little memory and writes JSON arrays, on all runtimes.
 * @module
 */
export { encodeJson } from "./json/encode-json.ts";
export { readJson, type ReadJsonOptions } from "./json/read-json.ts";
export type { ByteChunk, ByteInput, Input, InputStart, NamedInput } from "../bytes/input.ts";
export type { CompressionFormat, Positioned, ReaderOptions } from "../bytes/reader-options.ts";
export { InputError, RecordError } from "../bytes/record-error.ts";
export type { RowEncoder, RowFormat } from "../bytes/row-encoder.ts";
