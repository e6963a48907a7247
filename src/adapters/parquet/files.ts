import { fail } from "../../plain-options.ts";

/** A file of which any bytes can be read, as hyparquet knows it (`AsyncBuffer`). */
export interface RandomAccess {
  /** The size of the file in bytes. */
  readonly byteLength: number;
  /** Reads the bytes from `start` to before `end`, or to the end of the file. */
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/** A Parquet file. Its end is read first: a stream, or the body of a response, does not do. */
export type ParquetFile = Blob | RandomAccess | Uint8Array;

/** A file and the name by which errors and positions tell it. */
export interface NamedParquetFile {
  /** Such as a path. */
  readonly name: string;
  /** What is read, or a function that opens it when its turn comes. */
  readonly content: ParquetFile | (() => ParquetFile | PromiseLike<ParquetFile>);
}

/** What `readParquet` takes: one file, or a list of them, which is read in its order. */
export type ParquetInput =
  | ParquetFile
  | NamedParquetFile
  | Iterable<ParquetFile | NamedParquetFile>
  | AsyncIterable<ParquetFile | NamedParquetFile>;

/** A file of an input. */
export interface ListedFile {
  /** Its name, `""` if it has none. */
  readonly name: string;
  /**
   * Opens it.
   * @throws {ConfigurationError} If it cannot be read by byte ranges.
   */
  open(): Promise<RandomAccess>;
}

interface Members {
  readonly name?: unknown;
  readonly size?: unknown;
  readonly byteLength?: unknown;
  readonly slice?: unknown;
  readonly arrayBuffer?: unknown;
  readonly content?: unknown;
  readonly [Symbol.asyncIterator]?: unknown;
  readonly [Symbol.iterator]?: unknown;
}

/**
 * Takes an input, and gives its files one after the other.
 *
 * @throws {ConfigurationError} If it is nothing to read by byte ranges.
 */
export function filesOf(action: string, input: unknown): AsyncGenerator<ListedFile> {
  const members = membersOf(input);
  if (isList(input, members)) return eachOf(action, input);
  if (!isNamed(members)) bytesOf(action, input);
  return eachOf(action, [input]);
}

async function* eachOf(
  action: string,
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<ListedFile> {
  let count = 0;
  const isOnly = Array.isArray(inputs) && inputs.length === 1;
  for await (const input of inputs) {
    count++;
    const members = membersOf(input);
    const { name } = members;
    yield {
      name: typeof name === "string" && name !== "" ? name : isOnly ? "" : `input ${count}`,
      open: async () => bytesOf(action, await contentOf(input, members)),
    };
  }
}

async function contentOf(input: unknown, members: Members): Promise<unknown> {
  if (!isNamed(members) || isRandomAccess(members)) return input;
  return typeof members.content === "function" ? await members.content() : members.content;
}

/** The bytes of whatever has them in reach. */
function bytesOf(action: string, input: unknown): RandomAccess {
  const { size, byteLength, slice, arrayBuffer } = membersOf(input);
  if (typeof slice === "function" && typeof arrayBuffer === "function") {
    const blob = input as Blob;
    return {
      byteLength: size as number,
      slice: (start, end) => blob.slice(start, end).arrayBuffer(),
    };
  }
  if (ArrayBuffer.isView(input)) {
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    return {
      byteLength: bytes.length,
      slice: (start, end) => Uint8Array.from(bytes.subarray(start, end)).buffer,
    };
  }
  if (isRandomAccess({ byteLength, slice })) return input as RandomAccess;
  const rule = "a Blob, a Uint8Array, { byteLength, slice } or a list of these, as the end of a " +
    "Parquet file is read first: of a Response or Request its blob(), of a stream " +
    "new Response(stream).blob(), of a path openFiles(path)";
  return fail(action, "input", rule, input);
}

function membersOf(value: unknown): Members {
  return Object(value) as Members;
}

function isRandomAccess({ byteLength, slice }: Members): boolean {
  return typeof byteLength === "number" && typeof slice === "function";
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
    !("getReader" in value!);
}
