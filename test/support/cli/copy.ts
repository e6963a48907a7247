import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach } from "vitest";
import { main } from "../../../src/cli.ts";
import { type TestTerminal, testTerminal } from "./test-terminal.ts";

/** What a command line has done. */
export interface Copied {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder for the copies of one test, removed after it. */
export interface CopyFolder {
  /** The path of a file in it. */
  path(name: string): string;
  /** Writes a file. */
  write(name: string, text: string | Uint8Array): void;
  /** Runs statements in a database. */
  exec(name: string, sql: string): void;
  /** All rows of a query. */
  rows(name: string, sql: string): unknown[];
  /** Runs `millrace copy …` in it. */
  copy(...args: readonly string[]): Promise<Copied>;
  /** Starts it, in a terminal that can be interrupted. */
  start(
    ...args: readonly string[]
  ): { readonly terminal: TestTerminal; readonly ended: Promise<number> };
}

/** Makes the folder of each test of the block that it is called in. */
export function copyFolder(): CopyFolder {
  let folder: string | undefined;
  afterEach(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
    folder = undefined;
  });
  const path = (name: string) => {
    folder ??= mkdtempSync(join(tmpdir(), "millrace-copy-"));
    return join(folder, name);
  };
  const start = (args: readonly string[]) => {
    path("");
    const terminal = testTerminal({ folder: folder! });
    return { terminal, ended: main(["copy", ...args], terminal) };
  };
  const opened = <R>(name: string, use: (db: DatabaseSync) => R): R => {
    const db = new DatabaseSync(path(name));
    try {
      return use(db);
    } finally {
      db.close();
    }
  };
  return {
    path,
    write: (name, text) => writeFileSync(path(name), text),
    exec: (name, sql) => opened(name, (db) => db.exec(sql)),
    rows: (name, sql) => opened(name, (db) => db.prepare(sql).all().map((row) => ({ ...row }))),
    async copy(...args) {
      const { terminal, ended } = start(args);
      return { code: await ended, out: terminal.out(), err: terminal.err() };
    },
    start: (...args) => start(args),
  };
}
