import type { Chunks } from "../../../src/index.ts";

/** All chunks of a source. */
export async function read<T>(source: Chunks<T>): Promise<T[][]> {
  const chunks: T[][] = [];
  for await (const chunk of source.source) chunks.push([...chunk]);
  return chunks;
}
