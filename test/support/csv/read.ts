import type { Chunks } from "../../../src/streams/chunks.ts";

/** All rows of a reader. */
export async function rowsOf<T>(rows: Chunks<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const chunk of rows.source) all.push(...chunk);
  return all;
}

/** What is read before an error, and the message of the error. */
export async function readUntil(
  rows: Chunks<unknown>,
): Promise<[rows: unknown[], message: string]> {
  const all: unknown[] = [];
  try {
    for await (const chunk of rows.source) all.push(...chunk);
  } catch (error) {
    return [all, (error as Error).message];
  }
  return [all, "no error"];
}
