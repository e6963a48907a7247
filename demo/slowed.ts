import { setTimeout } from "node:timers/promises";
import { type Chunks, chunks } from "../src/index.ts";

/** How a file is read. */
export interface ReadOptions {
  /** Time between two pieces of the file in milliseconds: gives leisure to watch, and to interrupt. */
  readonly slow: number;
  /** Cuts that time short. */
  readonly signal: AbortSignal;
}

/** Rests after each piece of a source. */
export function slowed<T>(records: Chunks<T>, { slow, signal }: ReadOptions): Chunks<T> {
  return slow === 0 ? records : chunks(rests(records.source, slow, signal));
}

async function* rests<T>(
  pieces: Chunks<T>["source"],
  pause: number,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  for await (const piece of pieces) {
    yield piece;
    // An interrupted wait is no failure of the source: who interrupts it cancels the source.
    await setTimeout(pause, undefined, { signal }).catch(() => {});
  }
}
