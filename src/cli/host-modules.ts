/**
 * The modules of the host that commands need. They are imported when they are used: any runtime can
 * load this one, and the package is checked without the types of any host.
 * @module
 */
import { version } from "./version.ts";

/** The kind of thing that is at a path. */
export interface Facts {
  isFile(): boolean;
  isDirectory(): boolean;
}

/** The part of a host's `node:fs/promises` that commands use. */
export interface Files {
  readFile(path: string, encoding: "utf8"): Promise<string>;
  writeFile(path: string, text: string): Promise<void>;
  appendFile(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: true }): Promise<void>;
  unlink(path: string): Promise<void>;
  readdir(path: string): Promise<string[]>;
  realpath(path: string): Promise<string>;
  stat(path: string): Promise<Facts>;
}

/** The part of a host's `node:fs` that commands use. */
interface FileSystem {
  readonly promises: Files;
  existsSync(path: string): boolean;
  openAsBlob(path: string): Promise<Blob>;
  readFileSync(path: string, encoding: "utf8"): string;
}

/** The part of a host's `node:path` that commands use. */
interface Paths {
  resolve(...paths: string[]): string;
  dirname(path: string): string;
  join(...paths: string[]): string;
}

/** The parts of the host's modules that commands use. */
export interface HostModules extends Omit<FileSystem, "promises">, Paths {
  /** `node:fs/promises`. */
  readonly files: Files;
  readonly pathToFileURL: (path: string) => URL;
  readonly inspect: (value: unknown, options: object) => string;
}

/** Files, paths and `inspect`. */
export async function hostModules(): Promise<HostModules> {
  // @ts-ignore: the package is checked without the types of any host.
  const fs: FileSystem = await import("node:fs");
  // @ts-ignore: as above.
  const paths: Paths = await import("node:path");
  // @ts-ignore: as above.
  const { pathToFileURL } = await import("node:url");
  // @ts-ignore: as above.
  const { inspect } = await import("node:util");
  const { promises: files, existsSync, openAsBlob, readFileSync } = fs;
  const { resolve, dirname, join } = paths;
  return {
    ...{ files, existsSync, openAsBlob, readFileSync },
    ...{ resolve, dirname, join, pathToFileURL, inspect },
  };
}

/** Resolves with true if there is a file at a path. */
export async function isFile({ stat }: Pick<Files, "stat">, path: string): Promise<boolean> {
  return await stat(path).then((facts) => facts.isFile(), () => false);
}

/** The runtime, its version, the machine, and the version of the package. */
export async function hostWords(): Promise<string> {
  // @ts-ignore: the package is checked without the types of any host.
  const os: { hostname(): string; platform(): string; arch(): string } = await import("node:os");
  // @ts-ignore: as above.
  const host: { versions: Record<string, string | undefined> } = await import("node:process");
  const { bun, deno, node } = host.versions;
  const runtime = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
  return `${os.hostname()}, ${runtime} on ${os.platform()} ${os.arch()}, millrace ${version}`;
}

/** The subset of `node:process`. */
interface HostProcess {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: {
    write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown;
  };
}

/** Standard input and output. */
export async function standardStreams(): Promise<HostProcess> {
  // @ts-ignore: the package is checked without the types of any host.
  const { default: host }: { default: HostProcess } = await import("node:process");
  return host;
}
