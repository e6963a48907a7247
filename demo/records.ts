import { openAsBlob } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { JsonArrayStream } from "./json-array-stream.ts";

/** A file of the package whose data is loaded; it exports no file of data by name. */
export function dataFile(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")));
}

/** How a file is read. */
export interface ReadOptions {
  /** Time between two pieces of the file in milliseconds: gives leisure to watch, and to interrupt. */
  readonly slow: number;
  /** Cuts that time short. */
  readonly signal: AbortSignal;
}

/** Reads a file that is one JSON array, piece by piece: arrays of the records of each piece. */
export async function readRecords(
  path: string,
  { slow, signal }: ReadOptions,
): Promise<ReadableStream<unknown[]>> {
  const blob = await openAsBlob(path);
  const records = blob.stream().pipeThrough(new JsonArrayStream());
  if (slow === 0) return records;
  return records.pipeThrough(
    new TransformStream<unknown[], unknown[]>({
      async transform(piece, output) {
        output.enqueue(piece);
        // An interrupted wait is no failure of the source: who interrupts it cancels the source.
        await setTimeout(slow, undefined, { signal }).catch(() => {});
      },
    }),
  );
}
