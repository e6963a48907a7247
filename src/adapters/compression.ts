/**
 * Decompresses and compresses bytes on all runtimes.
 * @module
 */
export { compress } from "./compression/compress.ts";
export { decompress, type DecompressOptions } from "./compression/decompress.ts";
export type { CompressionPair } from "../bytes/compress.ts";
export type { ByteChunk, ByteInput, Input, InputStart, NamedInput } from "../bytes/input.ts";
export type { CompressionFormat } from "../bytes/reader-options.ts";
export { InputError } from "../bytes/record-error.ts";
