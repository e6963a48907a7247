import type { Chunks } from "../../src/streams/chunks.ts";
import type { Source } from "../../src/streams/source.ts";
import { chunks } from "./library.ts";

/** The small object that all benches except one use as an item. */
export interface Item {
  readonly id: number;
}

/** Items per chunk of the chunked sources. */
const CHUNK_SIZE = 256;

/** A stream that makes one item per pull. */
export function itemStream(items: number): ReadableStream<Item> {
  let id = 0;
  return new ReadableStream<Item>({
    pull(controller) {
      if (id < items) controller.enqueue({ id: id++ });
      else controller.close();
    },
  });
}

/** A stream of arrays, as a cursor or a parsed file yields them. */
export function chunkStream(items: number): ReadableStream<Item[]> {
  let id = 0;
  return new ReadableStream<Item[]>({
    pull(controller) {
      if (id === items) return controller.close();
      const chunk: Item[] = [];
      const end = Math.min(items, id + CHUNK_SIZE);
      while (id < end) chunk.push({ id: id++ });
      controller.enqueue(chunk);
    },
  });
}

export async function* asyncItems(items: number): AsyncGenerator<Item> {
  for (let id = 0; id < items; id++) yield { id };
}

export function* syncItems(items: number): Generator<Item> {
  for (let id = 0; id < items; id++) yield { id };
}

export function itemArray(items: number): Item[] {
  return Array.from({ length: items }, (_, id) => ({ id }));
}

/** Every kind of source that a run accepts. Only the array holds all its items. */
export const sources: Readonly<Record<string, (items: number) => Source<Item>>> = {
  "ReadableStream": itemStream,
  "chunks()": (items): Chunks<Item> => chunks(chunkStream(items)),
  "async generator": asyncItems,
  "iterable": syncItems,
  "array": itemArray,
};

/** Reads the per-item stream by hand, with nothing else in the loop. */
export async function bareLoop(items: number): Promise<void> {
  const reader = itemStream(items).getReader();
  let sum = 0;
  for (let result = await reader.read(); !result.done; result = await reader.read()) {
    sum += result.value.id;
  }
  checkSum(sum, items);
}

/** Throws if a job lost an item or handled one twice: its time would mean nothing. */
export function checkSum(sum: number, items: number): void {
  const expected = (items * (items - 1)) / 2;
  if (sum !== expected) {
    throw new Error(`The ids of ${items} items add up to ${sum}, not to ${expected}`);
  }
}
