import {
  blankCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  covers,
  rangesOf,
} from "../../checkpoints/checkpoint.ts";
import { ClaimRegistry } from "../../checkpoints/claim-registry.ts";
import type { CommitMark } from "../../checkpoints/commit-mark.ts";
import {
  isMarkedIn,
  type KeptKey,
  planCommit,
  planUndo,
  planWrite,
} from "../../checkpoints/plan-commit.ts";
import { withoutDone } from "../../checkpoints/without-done.ts";
import { FencedError, isOf } from "../../errors.ts";
import { fail } from "../../options.ts";
import { leaveOpen } from "../../retry/open-outcome.ts";
import { takeTurns } from "../../runtime/take-turns.ts";
import { type EncodedRows, HeldKey, keptOf } from "./held-key.ts";
import { type Found, KeptFolder } from "./kept-folder.ts";
import { folderOf } from "./names.ts";
import type { ObjectStore } from "./store.ts";

/** Takes back a mark. */
type Undo = () => Promise<void>;

/**
 * The checkpoints of what is in a store of objects. The names of the parts tell what is finished, so
 * that a batch is one object, put once. What has no part, as nothing of it was written, has a mark.
 */
export class ObjectSinkCheckpoints implements Required<CheckpointStore> {
  readonly #store: ObjectStore;
  readonly #prefix: string;
  readonly #claims = new ClaimRegistry();
  /** The keys that runs of this process have claimed here. */
  readonly #held = new Map<string, HeldKey>();
  /** Owner of the turns of each key. */
  readonly #turns = new Map<string, object>();

  /** Does nothing with the store yet. */
  constructor(store: ObjectStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  async read(key: string, signal?: AbortSignal): Promise<Checkpoint | undefined> {
    return (await (await this.#folderOf(key)).look(signal)).mark.checkpoint;
  }

  /** Replaces the stored state, except what loads of the same run have committed. */
  async write(key: string, checkpoint: Checkpoint, signal?: AbortSignal): Promise<void> {
    if (this.#claims.isKnown(key, checkpoint)) return;
    const folder = await this.#folderOf(key);
    await this.#inTurn(key, async () => {
      while (!await this.#tryToWrite(folder, checkpoint, signal));
    }, signal);
  }

  async claim(key: string, claim: Claim, now: number, signal?: AbortSignal): Promise<Claim> {
    const folder = await this.#folderOf(key);
    const { runId, until, lease } = claim;
    const own = { runId, until, ...(lease !== undefined && { lease }) };
    return await this.#inTurn(key, async () => {
      for (;;) {
        const epoch = await folder.newestEpoch(signal);
        const holder = epoch === 0 ? undefined : await folder.claimOf(epoch, signal);
        const isOwn = holder?.runId === runId;
        if (holder !== undefined && !isOwn && holder.until > now) return holder;
        const mine = isOwn ? epoch : epoch + 1;
        if (!await folder.putClaim(mine, own, !isOwn)) continue; // Another one was first.
        if (!isOwn && await folder.putClaim(mine, own, true)) {
          // There are stores that pass over the header of the condition.
          const rule = "a store that rejects a put with If-None-Match: * if the object exists";
          fail("claim a key", "store", rule, "one that replaces it");
        }
        if (await this.#hold(folder, runId, mine, signal)) return own;
      }
    }, signal);
  }

  async release(key: string, runId: string): Promise<void> {
    const folder = await this.#folderOf(key);
    await this.#inTurn(key, async () => {
      const epoch = await folder.newestEpoch();
      const holder = epoch === 0 ? undefined : await folder.claimOf(epoch);
      if (holder?.runId === runId) await folder.putClaim(epoch, undefined, false);
      if (this.#held.get(key)?.runId === runId) this.#held.delete(key);
      this.#claims.onReleased(key, runId);
    });
  }

  /** The key that a run has claimed, by the run; it has only one. */
  heldBy(runId: string): HeldKey | undefined {
    return [...this.#held.values()].find((held) => held.runId === runId);
  }

  /** Returns true if a batch is already in the store. */
  async has(mark: CommitMark): Promise<boolean> {
    const { checkpoint } = this.#ownOf(mark)?.mark ?? { checkpoint: await this.read(mark.key) };
    return checkpoint !== undefined && isMarkedIn(checkpoint, mark) ||
      this.#claims.hasUnmarked(mark);
  }

  /**
   * Puts the part of a batch; a mark alone where it has no rows; nothing where it is `"done"`. Gives what
   * takes that back.
   */
  async commit(
    mark: CommitMark,
    rows: EncodedRows | "done" | undefined,
  ): Promise<Undo | undefined> {
    const held = this.#ownOf(mark) ?? await this.#findOwn(mark);
    if (rows === "done") return await this.#checkDone(held, mark);
    const name = rows && held.nameOf(mark, rows);
    await held.settle(name, mark.ranges).catch((error: unknown) => {
      throw leaveOpen(error);
    });
    if (name === undefined) return await this.#inTurn(mark.key, () => this.#commitMark(held, mark));
    const plan = planCommit(mark, held.kept, this.#claims);
    if (plan !== "skip") {
      await held.putPart(name, rows!, mark);
      this.#claims.onCommitted(mark, held.mark.checkpoint);
    }
    await this.#checkOwner(held);
    if (plan === "skip" || !mark.isMarked) return undefined;
    return () => this.#inTurn(mark.key, () => this.#takeBack(held, name, mark, plan.before));
  }

  /** Another run that has the key by now counts the part, which stays then. */
  async #takeBack(
    held: HeldKey,
    name: string,
    mark: CommitMark,
    before: Checkpoint,
  ): Promise<void> {
    const planOf = ({ stored, loadedBy }: KeptKey) => ({
      next: withoutDone(stored() ?? blankCheckpoint, mark, before),
      loadedBy,
    });
    while (!await held.putMark(planOf));
    this.#claims.onUndone(mark);
    await this.#checkOwner(held);
    await held.removePart(name, mark);
  }

  async #commitMark(held: HeldKey, mark: CommitMark): Promise<Undo | undefined> {
    const plan = planCommit(mark, held.kept, this.#claims);
    if (plan === "skip") return void await this.#checkOwner(held);
    const { before, write } = plan;
    if (write !== undefined) {
      const planOf = (kept: KeptKey) => {
        const plan = planCommit(mark, kept, this.#claims);
        return plan === "skip" ? write : plan.write!;
      };
      while (!await held.putMark(planOf));
      await this.#checkOwner(held);
    }
    this.#claims.onCommitted(mark, write?.next);
    return write && (() =>
      this.#inTurn(mark.key, async () => {
        while (!await held.putMark((kept) => planUndo(mark, before, kept, this.#claims)));
        this.#claims.onUndone(mark);
      }));
  }

  /** A batch that was there when its rows were encoded, or would have been. */
  async #checkDone(held: HeldKey, mark: CommitMark): Promise<undefined> {
    if (planCommit(mark, held.kept, this.#claims) !== "skip") {
      throw new Error("Cannot put a part: the mark of its batch was taken back meanwhile");
    }
    await this.#checkOwner(held);
  }

  /**
   * Checks that the run still owns the key. Until it resolves, it is unknown whether the stored
   * part counts.
   */
  async #checkOwner(held: HeldKey): Promise<void> {
    try {
      await held.checkOwner();
    } catch (error) {
      throw isOf(error, FencedError) ? error : leaveOpen(error);
    }
  }

  #ownOf({ key, runId }: CommitMark): HeldKey | undefined {
    const held = this.#held.get(key);
    return held?.runId === runId ? held : undefined;
  }

  /** The key of a run that has claimed it elsewhere. Throws if it has not. */
  async #findOwn(mark: CommitMark): Promise<HeldKey> {
    const { key, runId } = mark;
    const folder = await this.#folderOf(key);
    return await this.#inTurn(key, async () => {
      for (;;) {
        const found = await folder.look();
        planCommit(mark, keptOf(found.mark, found.claim?.runId), this.#claims);
        if (await this.#hold(folder, runId, found.epoch)) return this.#held.get(key)!;
      }
    });
  }

  /** Finds what counts of a key that a run has claimed; `false` if another one has it by now. */
  async #hold(
    folder: KeptFolder,
    runId: string,
    epoch: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { key } = folder;
    let held = this.#held.get(key);
    while (held?.runId !== runId || held.epoch !== epoch) {
      const found = await folder.look(signal);
      if (found.epoch !== epoch) return false;
      const first = { runId, parts: found.parts.keys() };
      // What arrives from now on does not count. It may be there already, if an answer was lost.
      const isFirst = found.sequence < 0;
      if (isFirst && !await folder.putMark(epoch, 0, found.mark, first)) continue;
      held = new HeldKey(this.#store, folder, runId, isFirst ? { ...found, sequence: 0 } : found);
      this.#held.set(key, held);
      await folder.clean(found.outdated);
    }
    this.#claims.onClaimed(key, runId, held.mark.checkpoint);
    return true;
  }

  async #tryToWrite(
    folder: KeptFolder,
    checkpoint: Checkpoint,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { key } = folder;
    const { runId } = checkpoint;
    const held = this.#held.get(key);
    if (held !== undefined && held.runId === runId) {
      if (!await held.putMark((kept) => planWrite(key, checkpoint, kept))) return false;
      await held.checkOwner(signal);
      return true;
    }
    const found = await folder.look(signal);
    const { epoch, sequence, mark, claim, parts } = found;
    const { next, loadedBy } = planWrite(key, checkpoint, keptOf(mark, claim?.runId));
    if (runId === undefined) return await this.#writeByHand(folder, found, checkpoint);
    const first = { runId: claim?.runId, parts: parts.keys() };
    if (!await folder.putMark(epoch, sequence + 1, { checkpoint: next, loadedBy }, first)) {
      return false;
    }
    return await folder.newestEpoch(signal) === epoch;
  }

  /** Begins an epoch that is nobody's: a run that still has the key has lost it then. */
  async #writeByHand(folder: KeptFolder, found: Found, checkpoint: Checkpoint): Promise<boolean> {
    const parts = [...found.parts.values()].filter(({ from, to }) => {
      if (covers(checkpoint, [[from, to]])) return true;
      const isCut = rangesOf(checkpoint).some(([start, end]) => from < end && start < to);
      if (isCut) {
        const rule = `at the end of a part, as the part of offsets ${from} to ${to} cannot ` +
          "be cut";
        fail("write a checkpoint", "checkpoint", rule, checkpoint.offset);
      }
      return false;
    });
    const epoch = found.epoch + 1;
    if (!await folder.putClaim(epoch, undefined, true)) return false;
    const first = { runId: undefined, parts: parts.map(({ name }) => name) };
    if (!await folder.putMark(epoch, 0, { checkpoint }, first)) return false;
    await folder.clean(found.outdated);
    return true;
  }

  async #folderOf(key: string): Promise<KeptFolder> {
    return new KeptFolder(this.#store, key, await folderOf(this.#prefix, key));
  }

  /** One at a time, of what changes the checkpoint or the claim of a key. */
  #inTurn<R>(key: string, use: () => Promise<R>, signal?: AbortSignal): Promise<R> {
    let owner = this.#turns.get(key);
    if (owner === undefined) this.#turns.set(key, owner = {});
    return takeTurns(owner, use, signal);
  }
}
