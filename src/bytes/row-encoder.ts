import { BatchError, messageOf } from "../errors.ts";

/**
 * Encoder of rows into the bytes of a file. It has no state: any part can be made at any time, and made
 * again.
 */
export interface RowFormat<T> {
  /** Returns the bytes before the first rows of a file. */
  head(rows: readonly T[]): string | Uint8Array;
  /**
   * Returns the bytes of some rows.
   * @throws {BatchError} If some cannot be encoded; it names them by their index in `rows`.
   */
  body(rows: readonly T[]): string | Uint8Array;
  /** Separator between the bodies of two batches of rows: "," in a JSON array. */
  readonly separator: string;
  /** Returns the end of a file. A file without rows also has it, after its `head`. */
  tail(): string | Uint8Array;
  /** The file extension, without the dot. */
  readonly extension: string;
  /** The media type. */
  readonly contentType: string;
  /**
   * Recommended number of rows to encode at once. A sink uses it as batch size unless an option sets one.
   */
  readonly batchSize?: number | undefined;
  /**
   * Only for formats such as Parquet, where the end of a file describes all its content. Used instead of
   * `body` and `tail`; that `tail` throws.
   */
  readonly indexed?: IndexedFormat<T> | undefined;
}

/** Encoder of files that end with an index of their content. It also has no state. */
export interface IndexedFormat<T> {
  /**
   * Returns the bytes of some rows, and the facts about them for the end of the file.
   * @throws {BatchError} If some cannot be encoded; it names them by their index in `rows`.
   */
  body(rows: readonly T[]): IndexedBody;
  /**
   * Returns the end of a file.
   * @throws {ConfigurationError} If its bodies cannot be in one file.
   */
  tail(bodies: readonly PlacedBody[]): Uint8Array;
}

/** The bytes of some rows, and the facts about them for the end of their file. */
export interface IndexedBody {
  /** The bytes; empty if there are no rows. */
  readonly bytes: Uint8Array;
  /** Facts about the rows; any JSON value. */
  readonly about: unknown;
}

/** Entry for some rows at the end of a file. */
export interface PlacedBody {
  /** The offset of their first byte in the file. */
  readonly offset: number;
  /** The facts that `body` returned with their bytes. */
  readonly about: unknown;
}

/** Returns the parts of a file that has exactly these rows. */
export function fileParts<T>(
  format: RowFormat<T>,
  rows: readonly T[],
): readonly (string | Uint8Array)[] {
  if (format.indexed === undefined) {
    const body = format.body(rows); // First, as it tells which rows cannot be encoded.
    return [format.head(rows), body, format.tail()];
  }
  const { bytes, about } = format.indexed.body(rows);
  const head = format.head(rows);
  const offset = typeof head === "string" ? new TextEncoder().encode(head).length : head.length;
  const bodies = rows.length === 0 ? [] : [{ offset, about }];
  return [head, bytes, format.indexed.tail(bodies)];
}

/** A format, and a pair of streams that encodes in it: rows, or arrays of rows, become bytes. */
export interface RowEncoder<T> extends RowFormat<T> {
  /** The bytes of the file: one chunk for each chunk of rows. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * Accepts rows, or arrays of rows. A row that is itself an array must be inside an array of rows. A row
   * that cannot be encoded errors both sides with a `BatchError`.
   */
  readonly writable: WritableStream<T | readonly T[]>;
}

/** Makes the encoder of a format. */
export function rowEncoder<T>(format: RowFormat<T>): RowEncoder<T> {
  const encoder = new TextEncoder();
  let hasHead = false;
  let hasBody = false;
  const bytesOf = (part: string | Uint8Array): Uint8Array<ArrayBuffer> =>
    typeof part === "string" ? encoder.encode(part) : Uint8Array.from(part);
  // Most parts are text, which one call encodes together.
  const give = (
    controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>,
    ...parts: readonly (string | Uint8Array)[]
  ) => {
    const isText = parts.every((part) => typeof part === "string");
    for (const part of isText ? [parts.join("")] : parts) {
      if (part.length > 0) controller.enqueue(bytesOf(part));
    }
  };
  const { readable, writable } = new TransformStream<
    T | readonly T[],
    Uint8Array<ArrayBuffer>
  >({
    transform(chunk, controller) {
      const rows: readonly T[] = Array.isArray(chunk) ? chunk : [chunk as T];
      if (rows.length === 0) return;
      const body = format.body(rows);
      const head = hasHead ? "" : format.head(rows);
      give(controller, head, hasBody ? format.separator : "", body);
      hasHead = hasBody = true;
    },
    flush(controller) {
      give(controller, hasHead ? "" : format.head([]), format.tail());
    },
  });
  return { ...bound(format), readable, writable };
}

/** Returns the members of a format, bound so that they can be passed on without it. */
function bound<T>(format: RowFormat<T>): RowFormat<T> {
  const { separator, extension, contentType } = format;
  return {
    head: (rows) => format.head(rows),
    body: (rows) => format.body(rows),
    tail: () => format.tail(),
    separator,
    extension,
    contentType,
  };
}

/**
 * Encodes each row by itself.
 *
 * @throws {BatchError} If some rows cannot be encoded; it names all of them by their index.
 */
export function encodeEach<T>(rows: readonly T[], encode: (row: T) => string): string[] {
  const failures = new Map<number, Error>();
  const texts: string[] = [];
  for (let index = 0; index < rows.length; index++) {
    try {
      texts.push(encode(rows[index] as T));
    } catch (error) {
      failures.set(index, unencodable(error, index));
    }
  }
  if (failures.size > 0) throw new BatchError(failures);
  return texts;
}

/** Returns the error of one row that cannot be encoded. The text that varies from row to row comes last. */
export function unencodable(error: unknown, index: number): Error {
  return new TypeError(`Cannot encode row: ${messageOf(error)} (row ${index})`, { cause: error });
}
