import type { Chunks } from "../../src/streams/chunks.ts";

/** Everything that a reader gives, and the message of what it fails with. */
export async function told<T>(source: Chunks<T>): Promise<(T | string)[]> {
  const all: (T | string)[] = [];
  try {
    for await (const records of source.source) all.push(...records);
  } catch (error) {
    all.push(String(error));
  }
  return all;
}
