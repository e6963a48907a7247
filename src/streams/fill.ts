import type { Batcher } from "./batcher.ts";

/** Puts the items of an array from one place to another into a bucket: as many as are vacant at most. */
export function fill<T>(batcher: Batcher<T>, items: readonly T[], from: number, to: number): void {
  const { open, isMeasured } = batcher;
  if (isMeasured) { for (let index = from; index < to; index++) batcher.add(items[index]!); }
  else if (open.length === 0) handOver(batcher, items.slice(from, to));
  else {
    const before = open.length;
    for (let index = from; index < to; index++) open.push(items[index]!);
    batcher.grown(before);
  }
}

/** The same for a whole array that is nobody else's: it becomes the batch where none is open. */
export function handOver<T>(batcher: Batcher<T>, items: T[]): void {
  if (batcher.isMeasured || batcher.open.length > 0) return fill(batcher, items, 0, items.length);
  batcher.open = items;
  batcher.grown(0);
}
