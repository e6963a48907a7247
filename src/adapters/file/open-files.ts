import { messageOf } from "../../errors.ts";
import { checkOptions, fail, nonEmptyString, type OptionTable, type Rule } from "../../options.ts";
import type { InputStart, NamedInput } from "../../bytes/input.ts";
import { bytesOf, sliceOf } from "./file-bytes.ts";
import { hostFiles } from "../../bytes/file/file-system.ts";

/** Place to start reading, in a list of files. */
export interface FileStart extends InputStart {
  /** The file to start in; earlier files in the list are not opened. @default {the first one} */
  readonly name?: string | undefined;
}

/** Options of `openFiles`. */
export interface OpenFilesOptions {
  /** Place to resume after an earlier run: nothing before it is read. Only for uncompressed files. */
  readonly from?: FileStart | undefined;
}

/** A file that can be read. */
export interface OpenedFile extends NamedInput {
  /** Its size in bytes when it was listed. */
  readonly size: number;
  /** Time of its last change, in milliseconds since 1970. */
  readonly modified: number;
  /** Opens the file, at `from` if reading starts later. */
  readonly content: () => ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The same as `size`, under the name that `readParquet` expects. */
  readonly byteLength: number;
  /** Reads the bytes from `start` to before `end`, for `readParquet`. */
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** Files to read one after the other. Every reader of this package accepts them. */
export interface OpenedFiles extends AsyncIterable<OpenedFile> {
  /** Lists the files; they are looked up once. */
  list(): Promise<readonly OpenedFile[]>;
  /** Returns the total bytes of all files, including those before `from`. */
  bytes(): Promise<number>;
  /** Returns a text of the names, sizes and times of all files, which changes if one of them does. */
  fingerprint(): Promise<string>;
}

const action = "open files";

const pathRule: Rule = {
  expected:
    'a path, a pattern such as "*.csv", a file: URL, or an array of these that is not empty',
  test: (value) => Array.isArray(value) ? value.length > 0 && value.every(isPath) : isPath(value),
};

const startRule: Rule = {
  expected: "{ byte, line } with whole numbers, byte from 0 and line from 1, and perhaps a name",
  test: (value) => {
    const { name, byte, line } = Object(value) as { [K in keyof FileStart]?: unknown };
    return Number.isSafeInteger(byte) && (byte as number) >= 0 && Number.isSafeInteger(line) &&
      (line as number) > 0 && (name === undefined || nonEmptyString.test(name));
  },
};

const optionTable: OptionTable<OpenFilesOptions> = { from: [startRule] };

/**
 * Opens files on Node, Deno and Bun for `readCsv`, `readNdjson` and the other readers. Nothing is looked
 * up before reading starts. Each file is opened when its turn comes, is closed at its end, and is named
 * in errors.
 *
 * A path with `*`, `?`, `[…]` or `{a,b}` is a pattern, unless a file has exactly that name. The files of
 * a pattern come in the order of their names, those of an array in the order of the array.
 *
 * @throws {ConfigurationError} If an argument breaks its rule. Reading fails if a file does not exist, or
 *   a pattern matches none.
 *
 * @example All files of a folder, with the bytes that there are
 * ```ts
 * import { etl } from "millrace";
 * import { openFiles } from "millrace/file";
 * import { readNdjson } from "millrace/ndjson";
 * import { equal } from "node:assert/strict";
 * import { mkdtempSync, writeFileSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const folder = mkdtempSync(`${tmpdir()}/files-`);
 * writeFileSync(`${folder}/1.ndjson`, '{"id":1}\n{"id":2}\n');
 * writeFileSync(`${folder}/2.ndjson`, '{"id":3}\n');
 * const files = openFiles(`${folder}/*.ndjson`);
 * equal(await files.bytes(), 27);
 *
 * const load = () => {};
 * const report = await etl({ name: "ids", extract: () => readNdjson(files), load }).run();
 * equal(report.loaded, 3);
 * ```
 */
export function openFiles(
  paths: string | URL | readonly (string | URL)[],
  options: OpenFilesOptions = {},
): OpenedFiles {
  if (!pathRule.test(paths)) fail(action, "paths", pathRule.expected, paths);
  const { from } = checkOptions<OpenFilesOptions, keyof OpenFilesOptions>(
    action,
    options,
    optionTable,
  );
  return new FileList([paths].flat().map(pathOf), from && { ...from });
}

class FileList implements OpenedFiles {
  readonly #paths: readonly string[];
  readonly #from: FileStart | undefined;
  #files: Promise<readonly OpenedFile[]> | undefined;

  constructor(paths: readonly string[], from: FileStart | undefined) {
    this.#paths = paths;
    this.#from = from;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<OpenedFile> {
    const files = await this.list();
    const first = this.#from?.name === undefined
      ? 0
      : files.findIndex(({ name }) => name === this.#from?.name);
    if (first < 0) {
      const there = `a file of the list: current value is ${JSON.stringify(this.#from?.name)}`;
      throw new RangeError(`Cannot ${action} as 'from.name' must be ${there}`);
    }
    if (first > 0) yield { ...files[first]!, bytesBefore: sizeOf(files.slice(0, first)) };
    yield* files.slice(first > 0 ? first + 1 : 0);
  }

  list(): Promise<readonly OpenedFile[]> {
    this.#files ??= this.#find();
    this.#files.catch(() => void (this.#files = undefined)); // It may be there the next time.
    return this.#files;
  }

  async bytes(): Promise<number> {
    return sizeOf(await this.list());
  }

  async fingerprint(): Promise<string> {
    const parts = (await this.list()).map(({ name, size, modified }) => [name, size, modified]);
    return JSON.stringify(parts);
  }

  async #find(): Promise<OpenedFile[]> {
    const found: OpenedFile[] = [];
    for (const path of this.#paths) {
      for (const name of await namesOf(path)) {
        const isStart = this.#from?.name === undefined
          ? found.length === 0
          : name === this.#from.name;
        found.push(await opened(name, isStart ? this.#from : undefined));
      }
    }
    return found;
  }
}

/** Returns the files that a path or pattern names, at least one. */
async function namesOf(path: string): Promise<string[]> {
  const { promises } = await hostFiles();
  const isFile = await promises.stat(path).then(() => true, () => false);
  if (isFile || !/[*?[{]/.test(path)) return [path];
  const names: string[] = [];
  for await (const name of promises.glob(path)) {
    if ((await promises.stat(name)).isFile()) names.push(name.replaceAll("\\", "/"));
  }
  if (names.length === 0) {
    throw new Error(`Cannot ${action}: no file matches ${JSON.stringify(path)}`);
  }
  return names.sort();
}

async function opened(name: string, from: FileStart | undefined): Promise<OpenedFile> {
  const { promises } = await hostFiles();
  const stat = await promises.stat(name).catch((error: unknown) => {
    throw new Error(`Cannot ${action}: ${messageOf(error)}`, { cause: error });
  });
  if (stat.isDirectory()) throw new Error(`Cannot ${action}: ${JSON.stringify(name)} is a folder`);
  const { size, mtimeMs: modified } = stat;
  const slice = (start: number, end = size) => sliceOf(name, start, Math.min(end, size));
  const file = { name, size, modified, byteLength: size, slice };
  if (from === undefined) return { ...file, content: () => bytesOf(name, 0) };
  const { byte, line } = from;
  if (byte > size) {
    const rule = `at most the ${size} bytes of ${JSON.stringify(name)}: current value is ${byte}`;
    throw new RangeError(`Cannot ${action} as 'from.byte' must be ${rule}`);
  }
  return { ...file, from: { byte, line }, content: () => bytesOf(name, byte) };
}

function sizeOf(files: readonly OpenedFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function isPath(value: unknown): boolean {
  return nonEmptyString.test(value) || value instanceof URL && value.protocol === "file:";
}

/** The path that a file: URL stands for, as the host has it. */
function pathOf(path: string | URL): string {
  if (typeof path === "string") return path;
  const decoded = decodeURIComponent(path.pathname);
  return /^\/[a-z]:/i.test(decoded) ? decoded.slice(1) : decoded;
}
