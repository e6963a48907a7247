import type { Batcher } from "./batcher.ts";

/** Puts in the items of an array from one place to another, of which there are at most `vacancy`. */
export function fill<T>(batcher: Batcher<T>, items: readonly T[], from: number, to: number): void {
  const { open, isMeasured } = batcher;
  if (!isMeasured && open.length === 0) return handOver(batcher, items.slice(from, to));
  const before = open.length;
  for (let index = from; index < to; index++) {
    if (isMeasured) batcher.add(items[index]!);
    else open.push(items[index]!);
  }
  if (!isMeasured) batcher.grown(before);
}

/** The same for a whole array that is nobody else's: it becomes the batch where none is open. */
export function handOver<T>(batcher: Batcher<T>, items: T[]): void {
  if (batcher.isMeasured || batcher.open.length > 0) return fill(batcher, items, 0, items.length);
  batcher.open = items;
  batcher.grown(0);
}
