import { version } from "./version.ts";

/** The part of a host's `node:fs/promises` that commands use. */
export interface Files {
  readFile(path: string, encoding: "utf8"): Promise<string>;
  writeFile(path: string, text: string): Promise<void>;
  unlink(path: string): Promise<void>;
  readdir(path: string): Promise<string[]>;
  stat(path: string): Promise<{ isFile(): boolean; isDirectory(): boolean }>;
}

/** The parts of the host's modules that commands use. */
export interface HostModules {
  readonly files: Files;
  readonly resolve: (...paths: string[]) => string;
  readonly pathToFileURL: (path: string) => URL;
  readonly createRequire: (path: string) => { resolve(name: string): string };
  readonly inspect: (value: unknown, options: object) => string;
}

/** Imports what commands use of the host, when it is used: any runtime can load this module. */
export async function hostModules(): Promise<HostModules> {
  // @ts-ignore: the package is checked without the types of any host.
  const files: Files = await import("node:fs/promises");
  // @ts-ignore: as above.
  const { resolve } = await import("node:path");
  // @ts-ignore: as above.
  const { pathToFileURL } = await import("node:url");
  // @ts-ignore: as above.
  const { createRequire } = await import("node:module");
  // @ts-ignore: as above.
  const { inspect } = await import("node:util");
  return { files, resolve, pathToFileURL, createRequire, inspect };
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
