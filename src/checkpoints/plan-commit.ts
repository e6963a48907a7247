/**
 * The rules of a fenced commit, without any store: they decide what a sink writes for a load, and a
 * store for a checkpoint. The caller has locked the state of the key, and writes the result of the plan
 * in the same transaction.
 * @module
 */
import { FencedError } from "../errors.ts";
import {
  advance,
  blankCheckpoint,
  type Checkpoint,
  covers,
  rangesOf,
  sumOf,
  withCounts,
} from "./checkpoint.ts";
import type { ClaimRegistry } from "./claim-registry.ts";
import type { CommitMark } from "./commit-mark.ts";
import { withoutDone } from "./without-done.ts";

/** State of a key, as read under the lock. */
export interface KeptKey {
  /** The run that has claimed the key, if one has. */
  readonly owner: string | undefined;
  /** The run whose loads have committed their marks to the checkpoint: the last `loadedBy` of a plan. */
  readonly loadedBy?: string | undefined;
  /**
   * Reads the checkpoint; throws if it cannot be read. It is not called if it does not matter: a
   * checkpoint written by hand may repair it.
   */
  stored(): Checkpoint | undefined;
}

/** New state of a key. */
export interface WritePlan {
  /** The checkpoint. */
  readonly next: Checkpoint;
  /** Owner of the mark stored with it; `undefined` removes it. */
  readonly loadedBy: string | undefined;
}

/** Steps of a commit. */
export interface CommitPlan {
  /** The checkpoint as it was, for `planUndo`. */
  readonly before: Checkpoint;
  /** New state to store with the rows; `undefined` if the run writes the mark itself. */
  readonly write: WritePlan | undefined;
}

/**
 * Decides what to commit for a load whose rows and mark are one commit. `"skip"` if an earlier attempt was
 * committed, although its answer was lost. Otherwise the load writes its rows, and the plan's `write`.
 *
 * @throws {FencedError} If the run does not own the key, or another run has finished a part of the
 * load, or something that the run did not find when it claimed the key.
 * @throws {ConfigurationError} If the run keeps its checkpoints elsewhere, or the call of the load is
 * not visible.
 *
 * @example A sink that keeps rows and marks in memory, where each step is a transaction
 * ```ts
 * import { type CheckpointStore, type Claim, etl } from "millrace";
 * import * as kit from "millrace/checkpoint";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const rows: object[] = [];
 * const marks = new Map<string, { claim?: Claim | undefined; mark?: kit.WritePlan }>();
 * const claims = new kit.ClaimRegistry();
 * const find = (key: string): kit.KeptKey => {
 *   const { claim, mark } = marks.get(key) ?? {};
 *   return { owner: claim?.runId, loadedBy: mark?.loadedBy, stored: () => mark?.next };
 * };
 * const save = (key: string, mark: kit.WritePlan) => marks.set(key, { ...marks.get(key), mark });
 *
 * const checkpoints: CheckpointStore = {
 *   read: (key) => find(key).stored(),
 *   write: (key, checkpoint) => save(key, kit.planWrite(key, checkpoint, find(key))),
 *   claim: (key, claim, now) => {
 *     const { claim: held, ...rest } = marks.get(key) ?? {};
 *     if (held && held.runId !== claim.runId && held.until > now) return held;
 *     marks.set(key, { ...rest, claim });
 *     claims.onClaimed(key, claim.runId, rest.mark?.next);
 *     return claim;
 *   },
 *   release: (key, runId) => {
 *     if (find(key).owner === runId) marks.set(key, { ...marks.get(key), claim: undefined });
 *     claims.onReleased(key, runId);
 *   },
 * };
 *
 * const { load } = kit.sinkLoads(checkpoints, (given, context, isMarked) => () => {
 *   const { key } = context.batch;
 *   if (key === undefined) return void rows.push(...given); // There are no checkpoints.
 *   const mark = kit.markOf(key, context, isMarked);
 *   const plan = kit.planCommit(mark, find(key), claims);
 *   if (plan === "skip") return;
 *   rows.push(...given);
 *   if (plan.write) save(key, plan.write);
 *   claims.onCommitted(mark, plan.write?.next);
 *   return () => save(key, kit.planUndo(mark, plan.before, find(key), claims));
 * });
 *
 * const users = etl({ name: "users", extract: () => [{ id: 1 }, { id: 2 }], load }, { checkpoints });
 * equal((await users.run()).guarantee, "effectively-once");
 * equal((await users.run()).loaded, 0);
 * deepEqual(rows, [{ id: 1 }, { id: 2 }]);
 * ```
 */
export function planCommit(
  mark: CommitMark,
  kept: KeptKey,
  claims: ClaimRegistry,
  now: number = Date.now(),
): CommitPlan | "skip" {
  claims.checkOwner(mark, kept.owner);
  const before = kept.stored() ?? blankCheckpoint;
  if (isMarkedIn(before, mark) || claims.hasUnmarked(mark)) return "skip";
  claims.checkMark(mark, before);
  if (!mark.isMarked) return { before, write: undefined };
  const { runId, ranges, counts } = mark;
  const { unmarked, ...rest } = advance(before, ranges, counts);
  const isOwn = unmarked !== undefined && before.runId === runId;
  const next = { ...rest, ...(isOwn && { unmarked }), updatedAt: now, runId };
  return { before, write: { next, loadedBy: runId } };
}

/** Returns true if a checkpoint includes a mark; false if the mark has no ranges. */
export function isMarkedIn(checkpoint: Checkpoint, { ranges }: CommitMark): boolean {
  return ranges.length > 0 && covers(checkpoint, ranges);
}

/**
 * Decides what `write` of a store stores: the checkpoint, with the marks that loads of the same run
 * have committed meanwhile. A checkpoint without `runId` was written by hand, and replaces anything.
 *
 * @throws {FencedError} If another run owns the key, or has finished items that the checkpoint lacks.
 */
export function planWrite(key: string, checkpoint: Checkpoint, kept: KeptKey): WritePlan {
  const { owner, loadedBy } = kept;
  const { runId } = checkpoint;
  if (owner !== undefined && owner !== runId) throw new FencedError(key, owner);
  const stored = runId === undefined ? undefined : kept.stored();
  if (stored === undefined) return { next: checkpoint, loadedBy: undefined };
  if (stored.runId !== runId && !covers(checkpoint, rangesOf(stored))) {
    throw new FencedError(key, stored.runId);
  }
  if (loadedBy !== runId) return { next: checkpoint, loadedBy: undefined };
  const next = advance(checkpoint, rangesOf(stored));
  if (next.counts !== undefined) return { next, loadedBy }; // The run knows everything that is stored.
  const more = sumOf(checkpoint.unmarked, stored.unmarked, -1);
  return { next: withCounts(next, sumOf(stored.counts, more)), loadedBy };
}

/**
 * Decides what a sink stores when a mark is taken back, because a sink was used again in the same load.
 * Items finished before, or by others since, stay finished.
 *
 * @param before The checkpoint before the mark, as returned by `planCommit`.
 * @throws {FencedError} If the run no longer owns the key.
 */
export function planUndo(
  mark: CommitMark,
  before: Checkpoint,
  kept: KeptKey,
  claims: ClaimRegistry,
): WritePlan {
  claims.checkOwner(mark, kept.owner);
  const next = withoutDone(kept.stored() ?? blankCheckpoint, mark, before);
  return { next, loadedBy: mark.runId };
}
