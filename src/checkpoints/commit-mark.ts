import { FencedError } from "../errors.ts";
import { fail } from "../options.ts";
import { asUnseen, callIn } from "./load-call.ts";
import {
  advance,
  blankCheckpoint,
  type Checkpoint,
  covers,
  type DoneRange,
  rangesOf,
} from "./checkpoint.ts";

/** What a load completes, and which run it belongs to: what a sink writes beside the rows. */
export interface CommitMark {
  /** The key of the checkpoint. */
  readonly key: string;
  /** The run, which has to own the key. */
  readonly runId: string;
  /** What of the source the load completes. */
  readonly ranges: readonly DoneRange[];
  /** Nobody knows the call of a load that it belongs to. */
  readonly isByHand?: boolean;
}

/** What a load is to mark of its key. */
export function markOf(key: string, { runId, batch }: SinkLoadContext): CommitMark {
  const { ranges = [] } = batch;
  const call = callIn(batch) ?? callIn(ranges);
  return { key, runId, ranges, isByHand: call === undefined || call.isByHand === true };
}

/** Refuses a context by which nobody sees whether one load of a run uses two sinks. */
export function refuseCopy(): never {
  const rule =
    "what the load of the run was told, or has to have its 'batch.ranges' themselves: by " +
    "a copy of them the uses of two sinks in one load are not seen, and rows would be left out " +
    "(write several tables by 'tables' or 'write' of one sink, or give each its own pipeline; " +
    "a function around a load is to be given to 'sink.wrap')";
  try {
    return fail("load rows", "context", rule, "a copy");
  } catch (error) {
    throw asUnseen(error as Error); // What was marked in the same call is to be taken back.
  }
}

/** What the load of a sink has to know of its batch: part of what every `load` is told. */
export interface SinkLoadContext {
  /** The run. */
  readonly runId: string;
  /** Aborts when the load is to stop: nothing may be written any more. */
  readonly signal?: AbortSignal | undefined;
  /** The batch. */
  readonly batch: {
    /** Which attempt it is; the first is 1. */
    readonly attempt: number;
    /** The key of the checkpoint, where the run has checkpoints. */
    readonly key?: string | undefined;
    /** What of the source the load completes, where the run has checkpoints. */
    readonly ranges?: readonly DoneRange[] | undefined;
  };
  /** Told, after the commit, which values no column took: rows by column. */
  drift?(counts: Readonly<Record<string, number>>): void;
}

/** Refuses what a `load` of one's own gives that calls that of a sink with the rows alone. */
export function checkLoadContext(context: SinkLoadContext): void {
  if (context?.batch) return;
  const rule = "what a load is told (pass the context on as second argument)";
  fail("load rows", "context", rule, context);
}

/**
 * The checkpoint without a mark, as far as it is known from before that. What else was finished below
 * its end is forgotten, as no position is known within a range: its items come again.
 */
export function withoutMark(
  stored: Checkpoint,
  { ranges }: CommitMark,
  before: Checkpoint,
): Checkpoint {
  // Another mark below it may have been taken back since.
  const { offset, position } = stored.offset < before.offset ? stored : before;
  const end = Math.max(0, ...ranges.map(([, to]) => to));
  const done = rangesOf(stored).flatMap(([from, to, at]): DoneRange[] => {
    if (to <= end) return [];
    return [at === undefined ? [Math.max(from, end), to] : [Math.max(from, end), to, at]];
  });
  const { position: _, ...rest } = stored;
  return { ...rest, offset, done, ...(position !== undefined && { position }) };
}

/**
 * What loads have committed without a mark, by the newest run of each key: what is called again in
 * the same run is not written twice.
 */
export class Unmarked {
  readonly #runs = new Map<string, Checkpoint & { readonly runId: string }>();

  /** Whether all of it was committed. */
  has({ key, runId, ranges }: CommitMark): boolean {
    const known = this.#runs.get(key);
    return known?.runId === runId && ranges.length > 0 && covers(known, ranges);
  }

  /** A load was committed. */
  add({ key, runId, ranges }: CommitMark): void {
    const known = this.#runs.get(key);
    const before = known?.runId === runId ? known : { ...blankCheckpoint, runId };
    this.#runs.set(key, advance(before, ranges.map(([from, to]) => [from, to])));
  }

  /** The run is over. */
  delete(key: string, runId: string): void {
    if (this.#runs.get(key)?.runId === runId) this.#runs.delete(key);
  }
}

/** Whether a row can have columns. */
export function isRow(row: unknown): row is object {
  return typeof row === "object" && row !== null && !Array.isArray(row);
}

/**
 * The runs that have claimed keys of a store from here. A run that has lost its key for a while may
 * get it back, but what another one has finished meanwhile it does not know.
 */
export class ClaimRegistry {
  readonly #found = new Map<string, Checkpoint>();

  /** A run has claimed a key, or has renewed its claim; what it finds the first time counts. */
  add(key: string, runId: string, stored: Checkpoint | undefined): void {
    const id = idOf(key, runId);
    if (!this.#found.has(id)) this.#found.set(id, stored ?? blankCheckpoint);
  }

  /** A run has given its key back. */
  delete(key: string, runId: string): void {
    this.#found.delete(idOf(key, runId));
  }

  /**
   * Checks that a load belongs to a run that has claimed the key from here, where it cannot be seen
   * which call it is part of: a run beside this store has told more.
   * @throws {ConfigurationError} If it does not.
   */
  checkCall({ key, runId, isByHand }: CommitMark): void {
    if (isByHand && !this.#found.has(idOf(key, runId))) refuseCopy();
  }

  /**
   * Checks that a load may be marked in the checkpoint that is stored.
   * @throws {FencedError} If another run has finished something meanwhile, or a part of the load.
   */
  check({ key, runId, ranges }: CommitMark, stored: Checkpoint): void {
    if (stored.runId === runId) return; // It may have given up on some of the items.
    const found = this.#found.get(idOf(key, runId)) ?? stored;
    if (covers(found, rangesOf(stored)) && !overlaps(stored, ranges)) return;
    throw new FencedError(key, stored.runId);
  }
}

function idOf(key: string, runId: string): string {
  return JSON.stringify([key, runId]);
}

function overlaps(checkpoint: Checkpoint, ranges: readonly DoneRange[]): boolean {
  const done = rangesOf(checkpoint);
  return ranges.some(([from, to]) =>
    from < to && done.some(([start, end]) => from < end && start < to)
  );
}
