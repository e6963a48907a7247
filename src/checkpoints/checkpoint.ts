/**
 * Checkpoints: their form, their encoding, and how they are merged.
 * @module
 */
import { CheckpointError } from "../errors.ts";
import type { Checkpoint, DoneRange, FinishedCounts } from "../report-types.ts";
import { fail } from "../options.ts";
import { isThenable } from "../runtime/thenable.ts";

export type { Checkpoint, DoneRange, FinishedCounts };

/** Which run a key belongs to. */
export interface Claim {
  /** The run. */
  readonly runId: string;
  /**
   * Tells one renewal from the next: it grows with each. It looks like a time, but clocks differ, so
   * that nobody compares it with a clock; the claim is over for a run that has seen it unchanged for
   * a whole `lease`, by that run's own stopwatch. `Infinity` is never over.
   */
  readonly until: number;
  /**
   * Time that the claim holds without being renewed, in milliseconds. If a store does not keep it,
   * those who wait use their own.
   */
  readonly lease?: number | undefined;
}

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/**
 * Keeps checkpoints by key. A store that has `claim` and `release` also keeps a second run of the
 * same key out; a store without them cannot.
 *
 * The `signal` of a call aborts when nobody waits for it any more, as its time is up or the run is
 * over. A call that waits for something of its own may then give up, and rejects.
 */
export interface CheckpointStore {
  /** The checkpoint of a key, if there is one. */
  read(key: string, signal?: AbortSignal): Awaitable<Checkpoint | undefined>;
  /**
   * Keeps the checkpoint of a key. It throws `FencedError` and changes nothing where another run than
   * `checkpoint.runId` has claimed the key, and where a run would replace what another one has
   * written by a checkpoint that lacks some of it: the other has come and gone meanwhile. A
   * checkpoint of no run replaces everything.
   */
  write(key: string, checkpoint: Checkpoint, signal?: AbortSignal): unknown;
  /**
   * Makes `claim.runId` the owner of a key, or renews it, if the key has no owner, or this one, or
   * one whose `until` is not above `now`; then gives the claim that holds: its own, or that of the
   * other, as it was given. Atomic.
   *
   * `now` is no time of a clock: a run asks with 0, and once it has watched the claim of another for
   * a whole lease, with the `until` of that claim, which lets it in unless that was renewed. A store
   * with a clock of its own, such as a database server, may also let it in when more than `lease` has
   * passed by that clock since the claim was made or renewed (`until - now` where there is no
   * `lease`). It never compares `until` or `now` with a clock.
   */
  claim?(key: string, claim: Claim, now: number, signal?: AbortSignal): Awaitable<Claim>;
  /** Ends the claim of a run, if it is the owner. What the key holds stays. */
  release?(key: string, runId: string, signal?: AbortSignal): unknown;
}

/**
 * Links a `load` to the store whose marks it commits together with its rows. A sink sets it on its
 * `load`, so that the guarantee of a pipeline can be told.
 */
export const commitsTo: unique symbol = Symbol.for("millrace.commitsTo") as typeof commitsTo;

/** Nothing is finished. */
export const blankCheckpoint: Checkpoint = Object.freeze({ offset: 0, done: [], updatedAt: 0 });

/**
 * The checkpoint with more ranges finished. They may be in any order, may be finished already, and
 * may be empty, which changes nothing.
 *
 * Ranges that meet become one, with the position of the later one. One whose position is `null` has
 * none: it stays apart from those before it until one with a position follows. Their offset and
 * position are where the next run begins, and what comes after that position has to have that offset.
 *
 * @param counts What became of the items of the ranges; those that are finished already are taken for
 * dead letters. Without it, or if it does not fit, the checkpoint that is returned has no `counts`,
 * unless nothing more is finished.
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
  // A range without a position removes the known one, which is that of an earlier item.
  const { position: _, ...rest } = checkpoint;
  return { ...rest, offset, ...(at !== undefined && { position: at }) } as C;
}

/** Counts the items that are finished. */
export function finishedIn({ offset, done }: Pick<Checkpoint, "offset" | "done">): number {
  return done.reduce((sum, [from, to]) => sum + to - from, offset);
}

const noCounts: FinishedCounts = { loaded: 0, skipped: 0, deadLettered: 0 };

/**
 * The checkpoint with these counts. What they have twice is items that were given up on before the
 * rest of their batch was loaded, which finishes them once more. Counts that do not add up to what is
 * finished otherwise are left out.
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

/** Adds up counts, or subtracts them; what is left out counts for nothing. */
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

/** All that is finished by a checkpoint; the first range begins at 0, and may be empty. */
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

/** Which of some ranges in order is the last that begins at a place or before it; -1 if none does. */
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
 * A checkpoint as text.
 * @throws {ConfigurationError} If a position is not what JSON can hold: it would come back as
 * something else, and the source would go on at another place.
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
 * Checks that a position comes back from JSON as it is: the source would go on at another place.
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
 * A checkpoint from its text.
 * @throws {CheckpointError} If it is none.
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
 * A checkpoint, checked.
 * @throws {CheckpointError} If it is none: a run must not begin at a place that nobody knows.
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
  // Whoever has changed it by hand has left the counts as they were.
  return counts === undefined ? value as Checkpoint : withCounts(value as Checkpoint, counts);
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
