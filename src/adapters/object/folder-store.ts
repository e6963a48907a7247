import { propertyOf } from "../../errors.ts";
import { fail, nonEmptyString } from "../../options.ts";
import type { FoundObject, GetOptions, ListedObject, ObjectStore, PutOptions } from "./store.ts";

/** The part of a host's `node:fs/promises` that is used. */
interface FileSystem {
  link(path: string, newPath: string): Promise<void>;
  mkdir(path: string, options: { recursive: true }): Promise<string | undefined>;
  open(path: string, flags: string): Promise<FileHandle>;
  readdir(path: string, options: { withFileTypes: true }): Promise<readonly Entry[]>;
  rename(from: string, to: string): Promise<void>;
  stat(path: string): Promise<{ size: number }>;
  unlink(path: string): Promise<void>;
}

interface FileHandle {
  read(bytes: Uint8Array, at: number, length: number, position: number): Promise<
    { bytesRead: number }
  >;
  writeFile(bytes: Uint8Array): Promise<unknown>;
  stat(options: { bigint: true }): Promise<{ ino: bigint; mtimeNs: bigint; size: bigint }>;
  sync(): Promise<unknown>;
  close(): Promise<unknown>;
}

interface Entry {
  readonly name: string;
  isDirectory(): boolean;
}

/** Bytes that are read at once. */
const chunkSize = 262_144;

/**
 * A folder as an object store, on Node, Deno and Bun, for any number of processes that share it. The
 * folder is created when needed. An object is a file that is completely on the disk before it gets its
 * name.
 *
 * If a process is killed while it writes, a file whose name ends in `.tmp` may be left, which is listed
 * as an object.
 *
 * @throws {ConfigurationError} If the path is empty, or not a string.
 *
 * @example An object that is stored only if it is missing
 * ```ts
 * import { folderStore } from "millrace/object";
 * import { deepEqual } from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const store = folderStore(mkdtempSync(`${tmpdir()}/objects-`));
 * const put = (text: string) => store.put("a/b.txt", new TextEncoder().encode(text), { ifAbsent: true });
 * deepEqual([await put("first"), await put("second")], [true, false]);
 * deepEqual(await Array.fromAsync(store.list("a/")), [{ key: "a/b.txt", size: 5 }]);
 * ```
 */
export function folderStore(path: string): ObjectStore {
  if (!nonEmptyString.test(path)) {
    fail("construct folderStore", "path", nonEmptyString.expected, path);
  }
  return new FolderStore(path.replace(/(?<=.)[\\/]+$/, ""));
}

class FolderStore implements ObjectStore {
  readonly #path: string;
  readonly #made = new Set<string>();

  constructor(path: string) {
    this.#path = path;
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent }: PutOptions = {}): Promise<boolean> {
    const files = await hostFiles();
    const path = this.#pathOf(key);
    const folder = parentOf(path);
    await this.#make(files, folder);
    // In the same folder: a file moves in one step only within one.
    const temporary = `${path}.${crypto.getRandomValues(new Uint32Array(3)).join("-")}.tmp`;
    try {
      await writeThrough(files, temporary, bytes);
      if (ifAbsent) await files.link(temporary, path);
      else await files.rename(temporary, path);
    } catch (error) {
      if (ifAbsent && propertyOf(error, "code") === "EEXIST") return false;
      throw error;
    } finally {
      if (ifAbsent) await files.unlink(temporary).catch(() => {}); // Missing or harmless.
    }
    await syncFolder(files, folder);
    return true;
  }

  async get(
    key: string,
    { from = 0, signal }: GetOptions = {},
  ): Promise<FoundObject | undefined> {
    signal?.throwIfAborted();
    const file = await ifThere(async () => (await hostFiles()).open(this.#pathOf(key), "r"));
    if (file === undefined) return undefined;
    try {
      const { ino, mtimeNs, size } = await file.stat({ bigint: true });
      const etag = `${ino}-${mtimeNs}-${size}`;
      return { etag, size: Number(size), body: bytesOf(file, from, signal) };
    } catch (error) {
      await file.close().catch(() => {}); // What failed first is told.
      throw error;
    }
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    const files = await hostFiles();
    const folders = [prefix.slice(0, prefix.lastIndexOf("/") + 1)];
    for (let folder; (folder = folders.pop()) !== undefined;) {
      const path = this.#pathOf(folder);
      const found = await ifThere(() => files.readdir(path, { withFileTypes: true }));
      for (const entry of found ?? []) {
        const key = folder + entry.name;
        if (entry.isDirectory()) {
          if (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)) folders.push(`${key}/`);
          continue;
        }
        if (!key.startsWith(prefix)) continue;
        const stat = await ifThere(() => files.stat(this.#pathOf(key))); // It may be gone by now.
        if (stat !== undefined) yield { key, size: stat.size };
      }
    }
  }

  async delete(key: string): Promise<void> {
    await ifThere(async () => (await hostFiles()).unlink(this.#pathOf(key)));
  }

  async #make(files: FileSystem, folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    const first = await files.mkdir(folder, { recursive: true });
    // The first name that was not there takes all below it along, as long as it is not on the disk.
    for (let path = folder; path.length >= (first ?? folder).length; path = parentOf(path)) {
      await syncFolder(files, parentOf(path));
    }
    this.#made.add(folder);
  }

  #pathOf(key: string): string {
    if (key.split(/[\\/]/).includes("..")) {
      fail("use a folder", "key", 'a key without ".."', key);
    }
    return `${this.#path}/${key}`;
  }
}

/** The bytes of a file from an offset on. It is closed at the end. */
function bytesOf(file: FileHandle, from: number, signal: AbortSignal | undefined) {
  let offset = from;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        signal?.throwIfAborted();
        const bytes = new Uint8Array(chunkSize); // Whoever reads may keep it.
        const { bytesRead } = await file.read(bytes, 0, chunkSize, offset);
        offset += bytesRead;
        if (bytesRead > 0) return controller.enqueue(bytes.subarray(0, bytesRead));
      } catch (error) {
        await file.close().catch(() => {}); // What failed first is told.
        throw error;
      }
      await file.close();
      controller.close();
    },
    cancel: async () => void await file.close(),
  }, { highWaterMark: 0 });
}

async function writeThrough(files: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The folder that a path is in. */
function parentOf(path: string): string {
  return /^(.*)[\\/]/s.exec(path)?.[1] || (/^[\\/]/.test(path) ? "/" : ".");
}

/** Flushes the names in a folder to the disk, if folders can be opened: not on Windows. */
async function syncFolder(files: FileSystem, path: string): Promise<void> {
  try {
    const folder = await files.open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch {
    // The files themselves are whole either way.
  }
}

/** Returns the result of `find`, or `undefined` if its file does not exist. */
async function ifThere<R>(find: () => Promise<R>): Promise<R | undefined> {
  try {
    return await find();
  } catch (error) {
    if (propertyOf(error, "code") === "ENOENT") return undefined;
    throw error;
  }
}

/** The files of the host. It is asked for when it is used: every runtime can load this adapter. */
async function hostFiles(): Promise<FileSystem> {
  // @ts-ignore: the package is checked without the types of any host.
  const files: FileSystem = await import("node:fs/promises");
  return files;
}
