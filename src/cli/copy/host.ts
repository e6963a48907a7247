/**
 * The modules of the host that a copy needs. They are imported when they are used: the package is
 * checked without the types of any host.
 * @module
 */
import type { SqliteDatabase } from "../../adapters/sqlite.ts";

/** The subset of `node:fs`. */
interface FileSystem {
  existsSync(path: string): boolean;
  readFileSync(path: string, encoding: "utf8"): string;
  promises: {
    appendFile(path: string, bytes: Uint8Array): Promise<void>;
    rm(path: string, options: { force: true }): Promise<void>;
    rename(from: string, to: string): Promise<void>;
  };
}

/** The subset of `node:process`. */
interface HostProcess {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: {
    write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown;
  };
}

/** A database of `node:sqlite`, which can be closed. */
export interface ClosableDatabase extends SqliteDatabase {
  close(): void;
}

interface SqliteModule {
  DatabaseSync: new (
    path: string,
    options: { readOnly: boolean; timeout: number },
  ) => ClosableDatabase;
}

interface PathModule {
  resolve(...parts: string[]): string;
  dirname(path: string): string;
  join(...parts: string[]): string;
}

interface UrlModule {
  pathToFileURL(path: string): URL;
}

/** `node:fs`. */
export async function fileSystem(): Promise<FileSystem> {
  // @ts-ignore: the package is checked without the types of any host.
  const module: FileSystem = await import("node:fs");
  return module;
}

/** Standard input and output. */
export async function standardStreams(): Promise<HostProcess> {
  // @ts-ignore: the package is checked without the types of any host.
  const { default: host }: { default: HostProcess } = await import("node:process");
  return host;
}

/** `node:sqlite`. */
export async function sqliteModule(): Promise<SqliteModule> {
  // @ts-ignore: the package is checked without the types of any host.
  const module: SqliteModule = await import("node:sqlite");
  return module;
}

/** `node:path` and `node:url`. */
export async function pathModules(): Promise<PathModule & UrlModule> {
  // @ts-ignore: the package is checked without the types of any host.
  const path: PathModule = await import("node:path");
  // @ts-ignore: the package is checked without the types of any host.
  const { pathToFileURL }: UrlModule = await import("node:url");
  return { resolve: path.resolve, dirname: path.dirname, join: path.join, pathToFileURL };
}
