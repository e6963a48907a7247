import { compressedBytes } from "../compress.ts";
import type { PlacedBody, RowFormat } from "../row-encoder.ts";
import { fail } from "../../options.ts";
import type { Append, Written } from "./checkpoints.ts";
import { type FileSystem, ifExists } from "./file-system.ts";
import { directoryOf, syncDirectory } from "./kept-file.ts";

/** Format of the rows in a file, and the handling of a file that already exists. */
export interface AppendedFileOptions<T> {
  readonly format: RowFormat<T>;
  readonly compress: "none" | "gzip" | "zstd";
  readonly exists: "error" | "replace";
}

/** The encoded parts of a batch. Its place in the file decides which of them are written. */
interface Parts {
  readonly head: Uint8Array;
  readonly separator: Uint8Array;
  readonly body: Uint8Array;
  /** Returns the end of the file, which may have to describe all earlier bodies and this one. */
  readonly tail: (bodies: readonly PlacedBody[]) => Uint8Array;
  /** Entry for this body at the end of the file; `undefined` if there is none. */
  readonly about?: unknown;
}

/**
 * A file to which batches are appended. It is complete after each batch: the next one overwrites the
 * tail.
 */
export class AppendedFile<T> {
  readonly #path: string;
  readonly #settings: AppendedFileOptions<T>;
  /** True if the file was created, and its name may not be on the disk yet. */
  #isNew = false;

  constructor(path: string, settings: AppendedFileOptions<T>) {
    this.#path = path;
    this.#settings = settings;
  }

  /** Encodes rows. @throws {BatchError} If some cannot be encoded. */
  async encode(rows: readonly T[]): Promise<Append> {
    const { format, compress } = this.#settings;
    const pack = (part: string | Uint8Array) => packed(part, compress);
    const { indexed } = format;
    // Comes first, as it finds the rows that cannot be encoded.
    const { bytes, about } = indexed?.body(rows) ?? { bytes: format.body(rows), about: undefined };
    const head = format.head(rows);
    const tail = indexed === undefined ? await pack(format.tail()) : undefined;
    const parts: Parts = {
      head: await pack(head),
      separator: await pack(format.separator),
      body: await pack(bytes),
      tail: (bodies) => tail ?? indexed!.tail(bodies),
      about: rows.length === 0 ? undefined : about,
    };
    return {
      head: typeof head === "string" ? head : head.toString(),
      checkNew: (files) => this.#checkNew(files),
      write: (files, offset, bodies) => this.#write(files, offset, bodies, parts),
      flush: (files) => this.#flush(files),
    };
  }

  /** Encodes a file without rows; the first rows overwrite it. */
  async encodeEmpty(): Promise<Append> {
    const append = await this.encode([]);
    return { ...append, write: (files) => ({ ...append.write(files, 0, []), bytes: 0 }) };
  }

  #checkNew(files: FileSystem): void {
    if (this.#settings.exists === "replace" || this.#sizeIn(files) === undefined) return;
    const rule = `"replace" to write over ${JSON.stringify(this.#path)}, which no sink has written`;
    fail("write to a file", "exists", rule, this.#settings.exists);
  }

  #write(
    files: FileSystem,
    offset: number,
    before: readonly PlacedBody[],
    { head, separator, body, tail, about }: Parts,
  ): Written {
    const size = this.#sizeIn(files);
    if ((size ?? 0) < offset) {
      const told = `has ${size ?? 0} bytes of the ${offset} that ${this.#path}.mark.json tells of`;
      throw new Error(`Cannot write to a file: ${JSON.stringify(this.#path)} ${told}`);
    }
    const first = offset === 0 ? head : separator;
    const placed = { offset: offset + first.length, about };
    const bodies = about === undefined ? before : [...before, placed];
    const last = tail(bodies); // Before anything is written: these rows may not belong into this file.
    const file = files.openSync(this.#path, size === undefined ? "wx" : "r+");
    this.#isNew ||= size === undefined;
    try {
      let end = offset;
      for (const part of [first, body]) end += writeWhole(files, file, part, end);
      files.ftruncateSync(file, end + writeWhole(files, file, last, end));
      return { bytes: end, bodies };
    } finally {
      files.closeSync(file);
    }
  }

  async #flush(files: FileSystem): Promise<void> {
    const file = await files.promises.open(this.#path, "r+");
    await file.sync().finally(() => file.close());
    if (!this.#isNew) return;
    await syncDirectory(files, directoryOf(this.#path)); // Its mark must not outlive its name.
    this.#isNew = false;
  }

  #sizeIn(files: FileSystem): number | undefined {
    const stat = ifExists(() => files.statSync(this.#path, { bigint: true }));
    return stat && Number(stat.size);
  }
}

/** Writes all bytes at an offset, and returns their number. */
function writeWhole(files: FileSystem, file: number, bytes: Uint8Array, offset: number): number {
  let written = 0;
  while (written < bytes.length) {
    written += files.writeSync(file, bytes, written, bytes.length - written, offset + written);
  }
  return written;
}

async function packed(
  part: string | Uint8Array,
  compress: AppendedFileOptions<never>["compress"],
): Promise<Uint8Array> {
  const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
  if (compress === "none" || bytes.length === 0) return bytes;
  return await compressedBytes(bytes, compress);
}
