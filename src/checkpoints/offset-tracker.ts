import type { Checkpoint, DoneRange } from "./checkpoint.ts";

/** Ranges of items whose offsets are not tracked. */
export const nowhere: readonly DoneRange[] = [];

/**
 * Numbers the items of a source by their offset, and knows which of them earlier runs finished. Items
 * are first read, which shows the ones to drop, and later taken into batches.
 */
export class OffsetTracker {
  readonly #done: readonly DoneRange[];
  readonly #begin: number;
  #toDrop: readonly DoneRange[]; // Finished, or read before the source was reopened.
  #read: number; // Offset of the next item to read.
  #readRange = 0; // Index of the first range that does not end before it.
  #taken: number; // Offset of the next item that goes into a batch.
  #takenRange = 0;

  /** Numbers from the start of the source, or from the `offset` of the checkpoint. */
  constructor({ offset, done }: Checkpoint, isAtOffset: boolean) {
    this.#done = isAtOffset || offset === 0 ? done : [[0, offset], ...done];
    this.#begin = this.#read = this.#taken = isAtOffset ? offset : 0;
    this.#toDrop = this.#done;
  }

  /** Returns the offset after the first `size` unfinished items. */
  offsetAfter(size: number): number {
    let [at, left] = [this.#begin, size];
    for (const [from, to] of this.#done) {
      if (from - at >= left) break;
      left -= from - at;
      at = to;
    }
    return at + left;
  }

  /** Numbers the items read from now on like a new tracker. The items of batches follow in order. */
  reopen(checkpoint: Checkpoint, isAtOffset: boolean): void {
    const anew = new OffsetTracker(checkpoint, isAtOffset);
    this.#toDrop = anew.#done;
    this.#read = anew.#read;
    this.#readRange = 0;
  }

  /** Counts an item that was read. Returns true if it is finished. */
  isDone(): boolean {
    const offset = this.#read++;
    while (offset >= (this.#toDrop[this.#readRange]?.[1] ?? Infinity)) this.#readRange++;
    return offset >= (this.#toDrop[this.#readRange]?.[0] ?? Infinity);
  }

  /** True if no item still to be read is finished, so that items need not be counted. */
  get isPast(): boolean {
    return this.#readRange >= this.#toDrop.length;
  }

  /** Counts items that were read, and returns the unfinished ones. */
  open<T>(items: readonly T[]): readonly T[] {
    if (this.isPast) return items;
    return items.filter(() => !this.isDone());
  }

  /** Returns the offsets of the next `size` unfinished items. */
  take(size: number): DoneRange[] {
    const ranges: DoneRange[] = [];
    for (let left = size; left > 0;) {
      const [from, to] = this.#done[this.#takenRange] ?? [Infinity, Infinity];
      const end = Math.min(this.#taken + left, from);
      if (end > this.#taken) ranges.push([this.#taken, end]);
      left -= end - this.#taken;
      this.#taken = end;
      if (end < from) continue;
      this.#taken = to;
      this.#takenRange++;
    }
    return ranges;
  }
}

/** Returns the offsets of some items of a batch, by their index in it: as few ranges as possible. */
export function rangesOfIndices(
  ranges: readonly DoneRange[],
  indices: readonly number[],
): [from: number, to: number, last: number][] {
  const found: [from: number, to: number, last: number][] = [];
  let number = 0; // Number of the range that contains the item, and the index of its first item.
  let first = 0;
  for (const index of [...indices].sort((a, b) => a - b)) {
    let [from, to] = ranges[number]!;
    while (index >= first + to - from) {
      first += to - from;
      [from, to] = ranges[++number]!;
    }
    const offset = from + index - first;
    const before = found.at(-1);
    if (before?.[1] !== offset) found.push([offset, offset + 1, index]);
    else [before[1], before[2]] = [offset + 1, index];
  }
  return found;
}

/** Returns the offsets of all items of a batch, each range with the index of its last item. */
export function rangesOfAll(
  ranges: readonly DoneRange[],
): [from: number, to: number, last: number][] {
  let last = -1;
  return ranges.map(([from, to]) => [from, to, last += to - from]);
}

/** Returns the offset of an item of a batch. */
export function offsetOf(ranges: readonly DoneRange[], index: number): number {
  let left = index;
  for (const [from, to] of ranges) {
    if (left < to - from) return from + left;
    left -= to - from;
  }
  throw new RangeError(`The batch has no item ${index}`);
}
