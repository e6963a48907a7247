import type { Checkpoint, CheckpointStore, Claim } from "./checkpoint.ts";
import { planWrite } from "./plan-commit.ts";

/**
 * Keeps checkpoints in memory, as long as the object lives: for tests, and for runs that are restarted
 * within one process. It is the reference implementation of a `CheckpointStore`.
 *
 * It stores copies made by `structuredClone`, which positions must allow. The checkpoints that it
 * returns are frozen.
 *
 * @example The second run loads what the first has not
 * ```ts
 * import { etl, MemoryCheckpointStore } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const loaded: number[] = [];
 * const load = (rows: number[]) => void loaded.push(...rows);
 * const checkpoints = new MemoryCheckpointStore();
 * await etl({ name: "numbers", extract: () => [1, 2], load }).run({ checkpoints });
 * await etl({ name: "numbers", extract: () => [1, 2, 3], load }).run({ checkpoints });
 * deepEqual(loaded, [1, 2, 3]);
 * ```
 */
export class MemoryCheckpointStore implements CheckpointStore {
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #claims = new Map<string, Claim>();

  /** Returns a copy of the checkpoint of a key, if there is one. */
  read(key: string): Checkpoint | undefined {
    const checkpoint = this.#checkpoints.get(key);
    return checkpoint && frozenCopyOf(checkpoint);
  }

  /**
   * Stores a copy of the checkpoint of a key.
   * @throws {FencedError} If the key is claimed by another run than `checkpoint.runId`, or another run
   * has finished items that the checkpoint lacks. The claim of a run holds until it is released or
   * taken over, even when its time is up.
   */
  write(key: string, checkpoint: Checkpoint): void {
    const owner = this.#claims.get(key)?.runId;
    const { next } = planWrite(key, checkpoint, {
      owner,
      stored: () => this.#checkpoints.get(key),
    });
    this.#checkpoints.set(key, frozenCopyOf(next));
  }

  /**
   * Claims a key for a run, or renews its claim, and returns the claim that holds. Another run gets in
   * if the `until` of the owner is not above `now`.
   */
  claim(key: string, claim: Claim, now: number): Claim {
    const holder = this.#claims.get(key);
    if (holder !== undefined && holder.runId !== claim.runId && holder.until > now) return holder;
    const { runId, until, lease } = claim;
    const own = Object.freeze({ runId, until, ...(lease !== undefined && { lease }) });
    this.#claims.set(key, own);
    return own;
  }

  /** Ends the claim of a run, if it is the owner. */
  release(key: string, runId: string): void {
    if (this.#claims.get(key)?.runId === runId) this.#claims.delete(key);
  }
}

/** Returns a copy that shares nothing with the original, as a position may be an object of the user. */
function frozenCopyOf(checkpoint: Checkpoint): Checkpoint {
  const copy = structuredClone(checkpoint);
  for (const range of copy.done) Object.freeze(range);
  Object.freeze(copy.done);
  return Object.freeze(copy);
}
