import { once } from "node:events";
import { createWriteStream, openAsBlob } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { readNdjson } from "../../src/adapters/ndjson.ts";
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

/**
 * Reads such a file: the users of each piece of it.
 * @param slow Rests so many milliseconds after each piece.
 * @param signal Cuts that rest short.
 */
export async function* readUsers(
  path: string,
  slow: number,
  signal: AbortSignal,
): AsyncGenerator<UserDocument[]> {
  const users = readNdjson<UserDocument>({ name: path, content: () => openAsBlob(path) });
  for await (const piece of users.source) {
    yield [...piece];
    if (slow > 0) await setTimeout(slow, undefined, { signal }).catch(() => {});
  }
}
