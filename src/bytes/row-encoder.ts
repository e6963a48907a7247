import { BatchError, messageOf } from "../errors.ts";

/**
 * Encoder of rows into the bytes of a file. It has no state: any part may be made at any time, or
 * again.
 */
export interface RowFormat<T> {
  /** Returns the bytes before the first rows of a file. */
  head(rows: readonly T[]): string | Uint8Array;
  /**
   * Some rows.
   * @throws {BatchError} If some cannot be encoded; it names them by their index in `rows`.
   */
  body(rows: readonly T[]): string | Uint8Array;
  /** Separator between the bodies of two batches of rows: "," in a JSON array. */
  readonly separator: string;
  /** Returns the end of a file. A file without rows has it too, after its `head`. */
  tail(): string | Uint8Array;
  /** The ending of a file's name, without the dot. */
  readonly extension: string;
  /** The media type. */
  readonly contentType: string;
  /** Rows that are well written at once; a sink takes as many where no option says otherwise. */
  readonly batchSize?: number | undefined;
  /**
   * Only of a format where the end of a file tells of all that is in it, such as Parquet: what is used
   * in place of `body` and `tail`, of which `tail` then throws.
   */
  readonly indexed?: IndexedFormat<T> | undefined;
}

/** Encoder of files whose end has an index of their content. It has no state either. */
export interface IndexedFormat<T> {
  /**
   * Some rows, and what the end of the file has to tell of them.
   * @throws {BatchError} If some cannot be encoded; it names them by their index in `rows`.
   */
  body(rows: readonly T[]): IndexedBody;
  /**
   * The end of a file.
   * @throws {ConfigurationError} If its bodies cannot be in one file.
   */
  tail(bodies: readonly PlacedBody[]): Uint8Array;
}

/** The bytes of some rows, and what the end of their file has to tell of them. */
export interface IndexedBody {
  /** The bytes, none for no rows. */
  readonly bytes: Uint8Array;
  /** Something that JSON can carry. */
  readonly about: unknown;
}

/** Entry of some rows at the end of a file. */
export interface PlacedBody {
  /** The offset of their first byte in the file. */
  readonly offset: number;
  /** Value that `body` returned with their bytes. */
  readonly about: unknown;
}

/** The parts of a file that has these rows and no others. */
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

/** A format and a pair of streams that encodes by it: rows, or arrays of rows, become bytes. */
export interface RowEncoder<T> extends RowFormat<T> {
  /** The bytes of the file: one chunk for each chunk of rows. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * Takes rows, or arrays of rows. A row that is an array itself has to be in an array of rows. One that
   * cannot be encoded errors both sides with a `BatchError`.
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
  // Most are text, which one call encodes together.
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

/** The members of a format, which may be handed on without it. */
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

/** The error of one row that cannot be encoded. What varies from row to row comes last. */
export function unencodable(error: unknown, index: number): Error {
  return new TypeError(`Cannot encode row: ${messageOf(error)} (row ${index})`, { cause: error });
}
