import { type Checkpoint, type DoneRange, rangesOf, sumOf, withCounts } from "./checkpoint.ts";
import type { CommitMark } from "./commit-mark.ts";

/**
 * Returns a checkpoint without the items that a part has completed. Everything else stays: items
 * finished before, and items that other parts have completed since and report themselves.
 *
 * @param before The checkpoint before the part.
 */
export function withoutDone(
  checkpoint: Checkpoint,
  { ranges, counts }: Pick<CommitMark, "ranges" | "counts">,
  before: Checkpoint,
): Checkpoint {
  const gone = subtract(ranges, rangesOf(before));
  const [first, ...others] = subtract(rangesOf(checkpoint), gone) as [DoneRange, ...DoneRange[]];
  const { counts: known, ...now } = checkpoint;
  const next = first[1] === now.offset
    ? { ...now, done: others }
    : back(now, before, first, others);
  if (known === undefined || counts === undefined) return next;
  // Dead letters of the same items may be older.
  return withCounts(next, { ...sumOf(known, counts, -1), deadLettered: Infinity });
}

/**
 * Moves the checkpoint back. No position is known within a range, so the next run begins where the part
 * began.
 */
function back(
  { position: known, ...now }: Checkpoint,
  { offset, position }: Checkpoint,
  [, to]: DoneRange,
  others: readonly DoneRange[],
): Checkpoint {
  const rest: DoneRange[] = known === undefined ? [[offset, to]] : [[offset, to, null]];
  const done = to > offset ? [...rest, ...others] : others;
  return { ...now, offset, done, ...(position !== undefined && { position }) };
}

/** Subtracts ranges from others. The first one stays, even if it is empty. */
function subtract(ranges: readonly DoneRange[], others: readonly DoneRange[]): DoneRange[] {
  let left = [...ranges];
  for (const [start, end] of others) {
    if (start === end) continue;
    left = left.flatMap((range): DoneRange[] => {
      const [from, to, at] = range;
      if (end <= from || to <= start) return [range];
      const head: DoneRange = at === undefined ? [from, start] : [from, start, null];
      const tail: DoneRange = at === undefined ? [end, to] : [end, to, at];
      return [...(from < start || from === 0 ? [head] : []), ...(end < to ? [tail] : [])];
    });
  }
  return left;
}
