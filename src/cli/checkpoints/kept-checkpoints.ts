import type { Checkpoint, Claim } from "../../checkpoints/checkpoint.ts";

/** Content of a store under a key. */
export interface KeptCheckpoint {
  readonly key: string;
  /** Finished items; none if a run has only claimed the key so far. */
  readonly checkpoint: Checkpoint | undefined;
  /** The error of a run that reads it, if nobody can: the others and `reset` work all the same. */
  readonly broken?: string;
  /** The run that the key belongs to, if there is one: it may be dead. */
  readonly claim: Claim | undefined;
}

/** A store that is looked at from outside a run. */
export interface KeptCheckpoints {
  /** All keys, in their order. */
  list(): Promise<KeptCheckpoint[]>;
  /**
   * Removes a key if its claim is still the one that was seen, else does nothing; whatever its claim
   * is if `claim` is `"any"`. Tells whether it was removed.
   */
  remove(key: string, claim: Claim | undefined | "any"): Promise<boolean>;
  close(): Promise<void>;
}

/** A row of `millrace_checkpoint`, the table of the SQL stores. */
export interface CheckpointRow {
  readonly key: string;
  readonly checkpoint: string | null;
  readonly run_id: string | null;
  readonly lease_until: number | null;
  readonly lease: number | null;
}
