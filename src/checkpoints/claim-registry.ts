import { FencedError } from "../errors.ts";
import { fail } from "../options.ts";
import {
  advance,
  blankCheckpoint,
  type Checkpoint,
  covers,
  type DoneRange,
  rangesOf,
} from "./checkpoint.ts";
import type { CommitMark } from "./commit-mark.ts";
import { refuseCopy } from "./load-context.ts";

/**
 * Memory of a store in this process about the runs that have claimed its keys. A sink keeps one,
 * notifies it of events, and passes it to `planCommit`. A run that lost its key for a while may get it
 * back, but does not know what another run has finished meanwhile: the registry detects that.
 */
export class ClaimRegistry {
  readonly #found = new Map<string, Checkpoint>(); // By run and key, at the first claim.
  readonly #claimed = new Map<string, string>(); // The run that claimed each key last.
  readonly #committed = new Map<string, Checkpoint>(); // Known marks of loads.
  readonly #unmarked = new Map<string, Checkpoint>(); // Left to the run to mark.

  /** Records that a run has claimed a key or renewed its claim; `stored` is the checkpoint at that time. */
  onClaimed(key: string, runId: string, stored: Checkpoint | undefined): void {
    const id = idOf(key, runId);
    if (!this.#found.has(id)) this.#found.set(id, stored ?? blankCheckpoint); // The first time counts.
    this.#claimed.set(key, runId);
    const known = this.#committed.get(key);
    const isStored = stored !== undefined && known?.runId === runId && isPartOf(known, stored);
    if (!isStored) this.#committed.delete(key);
  }

  /** Records that a run has released its key. */
  onReleased(key: string, runId: string): void {
    this.#found.delete(idOf(key, runId));
    this.#committed.delete(key);
    if (this.#unmarked.get(key)?.runId === runId) this.#unmarked.delete(key);
  }

  /**
   * Records that a load was committed, by a plan whose `next` was stored; calls may come in another order.
   */
  onCommitted({ key, runId, ranges, isMarked }: CommitMark, next: Checkpoint | undefined): void {
    if (!isMarked) return this.#addUnmarked(key, runId, ranges);
    const known = this.#committed.get(key);
    const isNewer = next !== undefined &&
      (known?.runId !== next.runId || isPartOf(known as Checkpoint, next));
    if (isNewer) this.#committed.set(key, next);
  }

  /** Records that a mark was taken back. */
  onUndone({ key }: CommitMark): void {
    this.#committed.delete(key);
  }

  #addUnmarked(key: string, runId: string, ranges: readonly DoneRange[]): void {
    const known = this.#unmarked.get(key);
    const before = known?.runId === runId ? known : { ...blankCheckpoint, runId };
    this.#unmarked.set(key, advance(before, ranges.map(([from, to]) => [from, to])));
  }

  /** Returns true if loads have marked all of a checkpoint, so that it need not be written. */
  isKnown(key: string, checkpoint: Checkpoint): boolean {
    const committed = this.#committed.get(key);
    return committed !== undefined && isPartOf(checkpoint, committed);
  }

  /** Returns true if a load without a mark was committed earlier in the same run. */
  hasUnmarked({ key, runId, ranges, isMarked }: CommitMark): boolean {
    const known = this.#unmarked.get(key);
    return !isMarked && known?.runId === runId && ranges.length > 0 && covers(known, ranges);
  }

  /**
   * Checks that a load belongs to the owner of its key, and to a visible call.
   * @throws {FencedError} If the owner is another run, or there is none any more.
   * @throws {ConfigurationError} If the run has claimed its key in another store, or the context of the
   * load is a copy, so that its call is not visible.
   */
  checkOwner({ key, runId, isByHand }: CommitMark, owner: string | undefined): void {
    if (owner !== runId) {
      const isClaimed = this.#claimed.get(key) === runId || this.#found.has(idOf(key, runId));
      if (owner === undefined && !isClaimed) {
        fail("load rows", "checkpoints", "those of the sink", "another store");
      }
      throw new FencedError(key, owner);
    }
    // The run has not claimed the key through this store object, so its calls are not visible.
    if (isByHand && !this.#found.has(idOf(key, runId))) refuseCopy();
  }

  /**
   * Checks that a load may be marked in the stored checkpoint.
   * @throws {FencedError} If another run has finished something meanwhile, or a part of the load.
   */
  checkMark({ key, runId, ranges }: CommitMark, stored: Checkpoint): void {
    const isOwn = stored.runId === runId; // If so, it may have given up on some of the items.
    const found = this.#found.get(idOf(key, runId)) ?? (isOwn ? blankCheckpoint : stored);
    const isUpToDate = isOwn || covers(found, rangesOf(stored));
    if (isUpToDate && !overlaps(isOwn ? found : stored, ranges)) return;
    throw new FencedError(key, isOwn ? found.runId : stored.runId);
  }
}

function idOf(key: string, runId: string): string {
  return JSON.stringify([key, runId]);
}

/** Returns true if a later checkpoint of the same run includes this one. */
function isPartOf(checkpoint: Checkpoint, later: Checkpoint): boolean {
  return checkpoint.runId === later.runId && covers(later, rangesOf(checkpoint));
}

function overlaps(checkpoint: Checkpoint, ranges: readonly DoneRange[]): boolean {
  const done = rangesOf(checkpoint);
  return ranges.some(([from, to]) =>
    from < to && done.some(([start, end]) => from < end && start < to)
  );
}
