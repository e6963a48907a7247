import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { openFiles } from "../../src/adapters/file.ts";
import { readNdjson } from "../../src/adapters/ndjson.ts";
import type { Chunks } from "../../src/index.ts";
import { type ReadOptions, slowed } from "../slowed.ts";
import type { UserDocument } from "./user-document.ts";
import { userOf } from "./users.ts";

/**
 * Writes users as JSON lines, as a document store exports them, unless that was done before. A file
 * of this name is always whole: it gets its name at the end.
 */
export async function exportUsers(path: string, users: number): Promise<void> {
  if (await stat(path).catch(() => undefined) !== undefined) return;
  const unfinished = `${path}.part`;
  const file = createWriteStream(unfinished);
  for (let number = 1; number <= users; number++) {
    const hasRoom = file.write(`${JSON.stringify(userOf(number))}\n`);
    if (!hasRoom) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
  await rename(unfinished, path);
}

/** Reads such a file: the users of each piece of it. */
export function readUsers(path: string, options: ReadOptions): Chunks<UserDocument> {
  return slowed(readNdjson<UserDocument>(openFiles(path)), options);
}
