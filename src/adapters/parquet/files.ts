import { feedOf } from "../../bytes/feed.ts";
import { joined } from "../../bytes/joined.ts";
import { InputError } from "../../bytes/record-error.ts";
import { fail } from "../../plain-options.ts";

/** A file with random access, as hyparquet knows it (`AsyncBuffer`). */
export interface RandomAccess {
  /** The size of the file in bytes. */
  readonly byteLength: number;
  /** Reads the bytes from `start` to before `end`, or to the end of the file. */
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/**
 * A Parquet file. Its end is read first, so a stream or a body is read into memory as a whole, if
 * `maxBytes` allows it.
 */
export type ParquetFile =
  | Blob
  | RandomAccess
  | Uint8Array
  | Response
  | Request
  | ReadableStream<Uint8Array>;

/** A file with a name for errors and positions. */
export interface NamedParquetFile {
  /** The name, such as a path. */
  readonly name: string;
  /** The file, or a function that opens it when its turn comes. */
  readonly content: ParquetFile | (() => ParquetFile | PromiseLike<ParquetFile>);
}

/** Input of `readParquet`: one file, or a list of files, which is read in order. */
export type ParquetInput =
  | ParquetFile
  | NamedParquetFile
  | Iterable<ParquetFile | NamedParquetFile>
  | AsyncIterable<ParquetFile | NamedParquetFile>;

/** A file of an input. */
export interface ListedFile {
  /** Its name, `""` if it has none. */
  readonly name: string;
  /** Its bytes, where they are known before it is opened. */
  readonly size: number | undefined;
  /** Opens it. @throws {ConfigurationError} If it is nothing to read. */
  open(): Promise<RandomAccess>;
}

/** Options of opening files. */
export interface FilesOptions {
  /** The most bytes of a stream; without it there must be none. */
  readonly maxBytes: number | undefined;
  /** Ends reading of streams. */
  readonly signal: AbortSignal;
}

interface Members {
  readonly name?: unknown;
  readonly url?: unknown;
  readonly byteLength?: unknown;
  readonly slice?: unknown;
  readonly arrayBuffer?: unknown;
  readonly content?: unknown;
  readonly body?: unknown;
  readonly getReader?: unknown;
  readonly [Symbol.asyncIterator]?: unknown;
  readonly [Symbol.iterator]?: unknown;
}

/**
 * Yields the files of an input one after the other.
 *
 * @throws {ConfigurationError} If it cannot be read from.
 */
export function filesOf(
  action: string,
  input: unknown,
  options: FilesOptions,
): AsyncGenerator<ListedFile> {
  const members = membersOf(input);
  if (isList(input, members)) return eachOf(action, input, options);
  if (!isNamed(members)) checkFile(action, input, options);
  return eachOf(action, [input], options);
}

async function* eachOf(
  action: string,
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  options: FilesOptions,
): AsyncGenerator<ListedFile> {
  let count = 0;
  const isOnly = Array.isArray(inputs) && inputs.length === 1;
  for await (const input of inputs) {
    count++;
    const members = membersOf(input);
    const { name = members.url } = members;
    const own = typeof name === "string" && name !== "" ? name : isOnly ? "" : `input ${count}`;
    const open = async () => {
      const file = await contentOf(input, members);
      checkFile(action, file, options);
      if (!isStream(membersOf(file))) return bytesOf(file);
      return bytesOf(await heldOf(action, file, own, options));
    };
    yield { name: own, size: sizeOf(isOpener(members) ? members.content : input), open };
  }
}

async function contentOf(input: unknown, members: Members): Promise<unknown> {
  if (!isOpener(members)) return input;
  return typeof members.content === "function" ? await members.content() : members.content;
}

function sizeOf(content: unknown): number | undefined {
  const members = membersOf(content);
  if (isBlob(members)) return (content as Blob).size;
  return typeof members.byteLength === "number" ? members.byteLength : undefined;
}

function checkFile(action: string, file: unknown, { maxBytes }: FilesOptions): void {
  const members = membersOf(file);
  if (isStream(members)) {
    if (maxBytes !== undefined) return;
    const rule = "given for a stream, Response or Request, which is read into memory as a whole, " +
      "since a Parquet file is read from its end";
    fail(action, "maxBytes", rule, undefined);
  }
  if (isBlob(members) || isRandomAccess(members) || ArrayBuffer.isView(file)) return;
  const rule = "a Blob, a Uint8Array, { byteLength, slice }, a Response, a stream, a list of " +
    "these, or openFiles(path)";
  fail(action, "input", rule, file);
}

/** All bytes of a stream. */
async function heldOf(
  action: string,
  stream: unknown,
  name: string,
  { maxBytes, signal }: FilesOptions,
): Promise<Uint8Array> {
  const feed = feedOf(action, stream);
  const cancel = () => void feed.cancel(signal.reason).catch(() => {}); // Nobody waits for it.
  signal.addEventListener("abort", cancel, { once: true });
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await feed.next();
    if (done) break;
    parts.push(value as Uint8Array);
    size += (value as Uint8Array).length;
    if (size <= maxBytes!) continue;
    cancel();
    throw new InputError(`Parquet: it has more than ${maxBytes} bytes`, name, size);
  }
  signal.removeEventListener("abort", cancel);
  return joined(parts);
}

/** The bytes of whatever has them in reach. */
function bytesOf(input: unknown): RandomAccess {
  const members = membersOf(input);
  if (isBlob(members)) {
    const blob = input as Blob;
    return {
      byteLength: blob.size,
      slice: (start, end) => blob.slice(start, end).arrayBuffer(),
    };
  }
  if (!ArrayBuffer.isView(input)) return input as RandomAccess;
  const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  return {
    byteLength: bytes.length,
    slice: (start, end) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  };
}

function membersOf(value: unknown): Members {
  return Object(value) as Members;
}

function isBlob({ slice, arrayBuffer }: Members): boolean {
  return typeof slice === "function" && typeof arrayBuffer === "function";
}

/** A body may be missing: then there are no bytes. */
function isStream({ getReader, body, arrayBuffer }: Members): boolean {
  return typeof getReader === "function" || body !== undefined && typeof arrayBuffer === "function";
}

function isRandomAccess({ byteLength, slice }: Members): boolean {
  return typeof byteLength === "number" && typeof slice === "function";
}

/** It has its content, and gives no bytes itself. */
function isOpener(members: Members): boolean {
  return isNamed(members) && !isRandomAccess(members);
}

function isNamed(members: Members): boolean {
  return members.content !== undefined && typeof members.name === "string";
}

/** Bytes can be iterated as well, and so can streams, of bytes. */
function isList(
  value: unknown,
  members: Members,
): value is Iterable<unknown> | AsyncIterable<unknown> {
  const isIterable = [members[Symbol.asyncIterator], members[Symbol.iterator]]
    .some((member) => typeof member === "function");
  return isIterable && typeof value === "object" && !ArrayBuffer.isView(value) &&
    !isStream(members);
}
