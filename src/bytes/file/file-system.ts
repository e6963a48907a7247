import { propertyOf } from "../../errors.ts";
import { hostProcess } from "../../runtime/detect.ts";

/** The part of a host's `node:fs` that is needed here. */
export interface FileSystem {
  openSync(path: string, flags: string): number;
  closeSync(file: number): void;
  statSync(path: string, options: { bigint: true }): {
    ino: bigint;
    mtimeNs: bigint;
    size: bigint;
  };
  ftruncateSync(file: number, size: number): void;
  writeSync(
    file: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): number;
  readFileSync(path: string, encoding: "utf8"): string;
  writeFileSync(path: string, text: string): void;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  promises: {
    mkdir(path: string, options: { recursive: true }): Promise<unknown>;
    open(path: string, flags: string): Promise<FileHandle>;
    readFile(path: string, encoding: "utf8"): Promise<string>;
    unlink(path: string): Promise<void>;
    stat(path: string): Promise<FileFacts>;
    glob(pattern: string): AsyncIterable<string>;
  };
}

/** Facts about a file. */
export interface FileFacts {
  readonly size: number;
  readonly mtimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** An open file. */
export interface FileHandle {
  read(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
  writeFile(text: string): Promise<unknown>;
  sync(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Returns the file system of the host. @throws {Error} If it has none. */
export async function hostFiles(): Promise<FileSystem> {
  const files = hostProcess()?.getBuiltinModule?.("node:fs") as FileSystem | undefined;
  if (files === undefined) throw new Error("Cannot use files: this runtime has no node:fs");
  return files;
}

/** Returns the result of `run`, or `undefined` if its file does not exist. */
export function ifExists<R>(run: () => R): R | undefined {
  try {
    return run();
  } catch (error) {
    if (propertyOf(error, "code") === "ENOENT") return undefined;
    throw error;
  }
}
