/**
 * Checkpoints: their form, their encoding and their merging.
 * @module
 */
import { CheckpointError } from "../errors.ts";
import type { Checkpoint, DoneRange, FinishedCounts } from "../report-types.ts";
import { fail } from "../options.ts";
import { isThenable } from "../runtime/thenable.ts";

export type { Checkpoint, DoneRange, FinishedCounts };

/** Ownership of a key by a run. */
export interface Claim {
  /** Id of the run. */
  readonly runId: string;
  /**
   * Distinguishes one renewal from the next: it grows with each. It looks like a time, but clocks
   * differ, so it is never compared with a clock. For another run, the claim is over once that run has
   * seen it unchanged for a whole `lease`, by its own stopwatch. `Infinity` is never over.
   */
  readonly until: number;
  /**
   * Time for which the claim holds without renewal, in milliseconds. If a store does not keep it,
   * waiting runs use their own.
   */
  readonly lease?: number | undefined;
}

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/**
 * Keeps checkpoints by key. A store with `claim` and `release` also keeps out a second run of the same
 * key; a store without them cannot.
 *
 * The `signal` of a call aborts when the call is no longer awaited, as its time is up or the run is
 * over. A call that is waiting may then stop and reject.
 */
export interface CheckpointStore {
  /** Returns the checkpoint of a key, if there is one. */
  read(key: string, signal?: AbortSignal): Awaitable<Checkpoint | undefined>;
  /**
   * Stores the checkpoint of a key. It throws `FencedError` and changes nothing if another run than
   * `checkpoint.runId` has claimed the key. It does the same if a run would replace the checkpoint of
   * another run by one that lacks some of it, as the other run has come and gone meanwhile. A
   * checkpoint without a run replaces everything.
   */
  write(key: string, checkpoint: Checkpoint, signal?: AbortSignal): unknown;
  /**
   * Makes `claim.runId` the owner of a key, or renews its claim, if the key has no owner, or this one,
   * or one whose `until` is not above `now`. Returns the claim that holds: its own, or that of the
   * other run, as it was made. Atomic.
   *
   * `now` is not a clock time. A run passes 0. Once it has watched the claim of another run for a whole
   * lease, it passes the `until` of that claim, which lets it in unless the claim was renewed. A store
   * with its own clock, such as a database server, may also let it in if more than `lease` has passed
   * by that clock since the claim was made or renewed (`until - now` without a `lease`). It never
   * compares `until` or `now` with a clock.
   */
  claim?(key: string, claim: Claim, now: number, signal?: AbortSignal): Awaitable<Claim>;
  /** Ends the claim of a run, if it is the owner. The checkpoint stays. */
  release?(key: string, runId: string, signal?: AbortSignal): unknown;
}

/**
 * Links a `load` to the store whose marks it commits together with its rows. A sink sets it on its
 * `load`, so that the guarantee of a pipeline is known.
 */
export const commitsTo: unique symbol = Symbol.for("millrace.commitsTo") as typeof commitsTo;

/** Checkpoint of a source of which nothing is finished. */
export const blankCheckpoint: Checkpoint = Object.freeze({ offset: 0, done: [], updatedAt: 0 });

/**
 * Returns the checkpoint with more ranges finished. They may be in any order, may be finished already,
 * and may be empty, which changes nothing.
 *
 * Adjacent ranges become one, with the position of the later one. A range whose position is `null` has
 * none: it stays apart from those before it until one with a position follows. The next run begins at
 * the offset and position of the checkpoint, and the item after that position must have that offset.
 *
 * @param counts Fate of the items of the ranges; items that were already finished count as dead
 * letters. If it is missing or does not fit, the returned checkpoint has no `counts`, unless nothing
 * more is finished.
 */
export function advance<C extends Checkpoint>(
  checkpoint: C,
  ranges: readonly DoneRange[],
  counts?: FinishedCounts,
): C {
  return withCounts(withRanges(checkpoint, ranges), sumOf(checkpoint.counts, counts));
}

function withRanges<C extends Checkpoint>(checkpoint: C, ranges: readonly DoneRange[]): C {
  const { offset, done } = checkpoint;
  const [only] = ranges;
  const isNext = ranges.length === 1 && only![0] === offset && only![1] > offset;
  if (isNext && done.length === 0 && only![2] !== null) return withMark(checkpoint, only!);
  const more = ranges.filter(([from, to]) => to > from);
  const all = [...rangesOf(checkpoint), ...more].sort((a, b) => a[0] - b[0]);
  const merged: DoneRange[] = [];
  for (const [begin, to, position] of all) {
    let from = begin;
    let last = merged.at(-1);
    if (last !== undefined && to <= last[1]) continue;
    for (; last !== undefined && last[1] >= from; last = merged.at(-1)) {
      if (position === null && last[2] !== null) {
        from = last[1];
        break;
      }
      [from] = merged.pop()!;
    }
    merged.push(position === undefined ? [from, to] : [from, to, position]);
  }
  const [first, ...rest] = merged;
  return { ...withMark(checkpoint, first!), done: rest };
}

function withMark<C extends Checkpoint>(checkpoint: C, [, offset, at]: DoneRange): C {
  // A range without a position removes the known one, which belongs to an earlier item.
  const { position: _, ...rest } = checkpoint;
  return { ...rest, offset, ...(at !== undefined && { position: at }) } as C;
}

/** Counts the finished items. */
export function finishedIn({ offset, done }: Pick<Checkpoint, "offset" | "done">): number {
  return done.reduce((sum, [from, to]) => sum + to - from, offset);
}

const noCounts: FinishedCounts = { loaded: 0, skipped: 0, deadLettered: 0 };

/**
 * Returns the checkpoint with these counts. Items counted twice are those that were given up on before
 * the rest of their batch was loaded, which finishes them once more. If the counts still do not add up
 * to the finished items, they are omitted.
 */
export function withCounts<C extends Checkpoint>(
  { counts: _, ...rest }: C,
  { loaded, skipped, deadLettered: all }: FinishedCounts = noCounts,
): C {
  const size = finishedIn(rest);
  const deadLettered = size - loaded - skipped;
  const isKnown = size > 0 && deadLettered >= 0 && deadLettered <= all;
  return (isKnown ? { ...rest, counts: { loaded, skipped, deadLettered } } : rest) as C;
}

/** Adds up counts, or subtracts them; missing counts are ignored. */
export function sumOf(
  a: FinishedCounts = noCounts,
  b: FinishedCounts = noCounts,
  sign = 1,
): FinishedCounts {
  return {
    loaded: a.loaded + sign * b.loaded,
    skipped: a.skipped + sign * b.skipped,
    deadLettered: a.deadLettered + sign * b.deadLettered,
  };
}

/** Returns all finished ranges of a checkpoint; the first one begins at 0, and may be empty. */
export function rangesOf({ offset, done, position }: Checkpoint): readonly DoneRange[] {
  return [[0, offset, position], ...done];
}

/** Returns true if all of these ranges are finished. */
export function covers(checkpoint: Checkpoint, ranges: readonly DoneRange[]): boolean {
  const { offset, done } = checkpoint;
  return ranges.every(([from, to]) => {
    if (to <= offset) return true;
    const range = done[lastFrom(done, from)];
    return range !== undefined && to <= range[1];
  });
}

/** Returns the index of the last of the ordered ranges that begins at a place or before it; -1 if none. */
function lastFrom(ranges: readonly DoneRange[], place: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]![0] <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Returns a checkpoint as text.
 * @throws {ConfigurationError} If JSON cannot represent a position: it would come back as something
 * else, and the source would resume at another place.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): string {
  const action = "write a checkpoint";
  const check = (position: unknown) => position === undefined || checkPosition(action, position);
  check(checkpoint.position);
  const done = checkpoint.done.map(([from, to, position]) => {
    check(position);
    return position === undefined ? [from, to] : [from, to, position]; // JSON would make it null.
  });
  return JSON.stringify({ ...checkpoint, done });
}

/**
 * Checks that a position survives JSON unchanged. Otherwise the source would resume at another place.
 * @throws {ConfigurationError} If it is `undefined`, a promise or anything else that JSON lacks.
 */
export function checkPosition(action: string, position: unknown): void {
  if (typeof position === "string") return;
  const check = (value: unknown, above: readonly unknown[]): void => {
    if (!isOfJson(value) || above.includes(value)) {
      const rule = isThenable(value)
        ? "a value, not a promise (read it with the item, and return it from there)"
        : "a value that JSON can hold, such as a string or a number";
      fail(action, "position", rule, value);
    }
    if (typeof value !== "object" || value === null) return;
    // `Array.from` shows the holes of an array.
    const inside = Array.isArray(value) ? Array.from<unknown>(value) : Object.values(value);
    for (const part of inside) check(part, [...above, value]);
  };
  check(position, []);
}

/** Returns true if a value survives JSON, apart from the values inside it. */
function isOfJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
  if (value === null || Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain && !("toJSON" in value);
}

/**
 * Returns a checkpoint from its text.
 * @throws {CheckpointError} If it is not a checkpoint.
 */
export function decodeCheckpoint(key: string, text: string): Checkpoint {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(key, "it is not JSON", { cause });
  }
  return checkCheckpoint(key, value);
}

/**
 * Returns a checkpoint after checking it.
 * @throws {CheckpointError} If it is not a checkpoint: a run must not begin at an unknown place.
 */
export function checkCheckpoint(key: string, value: unknown): Checkpoint {
  const { offset, done, updatedAt, counts } = Object(value) as Partial<Checkpoint>;
  if (!isOffset(offset)) throw new CheckpointError(key, "'offset' is not a non-negative integer");
  if (!Array.isArray(done)) throw new CheckpointError(key, "'done' is not an array");
  if (typeof updatedAt !== "number") throw new CheckpointError(key, "'updatedAt' is not a number");
  let end = offset;
  for (const range of done) {
    const [from, to] = Array.isArray(range) ? range : [];
    if (!isOffset(from) || !isOffset(to) || from < end || to <= from) {
      throw new CheckpointError(key, "'done' is not a list of ordered ranges above 'offset'");
    }
    end = to;
  }
  // If it was edited by hand, the counts may be out of date.
  return counts === undefined ? value as Checkpoint : withCounts(value as Checkpoint, counts);
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
