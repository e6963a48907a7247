import {
  blankCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../checkpoints/checkpoint.ts";
import { ClaimRegistry } from "../../checkpoints/claim-registry.ts";
import type { CommitMark } from "../../checkpoints/commit-mark.ts";
import {
  type KeptKey,
  planCommit,
  planUndo,
  planWrite,
  type WritePlan,
} from "../../checkpoints/plan-commit.ts";
import { storedKey } from "../../sql/text.ts";
import { type DuckdbConnection, rowsOf, transactAgain } from "./client.ts";

const tableSql = `create table if not exists millrace_checkpoint (
  key varchar primary key, checkpoint varchar, loaded_by varchar, run_id varchar,
  lease_until double, lease double
)`;
const findSql = `select checkpoint, loaded_by, run_id, lease_until, lease
  from millrace_checkpoint where key = $1`;
const storeSql = `insert into millrace_checkpoint (key, checkpoint, loaded_by)
  values ($1, $2, $3::varchar)
  on conflict (key) do update set checkpoint = excluded.checkpoint, loaded_by = excluded.loaded_by`;
const claimSql = `insert into millrace_checkpoint as own (key, run_id, lease_until, lease)
  values ($1, $2, $3::double, $4::double)
  on conflict (key) do update set run_id = excluded.run_id, lease_until = excluded.lease_until,
    lease = excluded.lease
  where own.run_id is null or own.run_id = excluded.run_id or own.lease_until <= $5::double`;
const releaseSql = `update millrace_checkpoint set run_id = null, lease_until = null, lease = null
  where key = $1 and run_id = $2`;
/** Changes nothing, but collides with a claim that another connection commits at the same time. */
const touchSql = "update millrace_checkpoint set run_id = run_id where key = $1";

/** Stores checkpoints in a table next to the rows, which is created when first needed. */
export class DuckdbCheckpoints implements Required<CheckpointStore> {
  /** So does the load. */
  readonly keepsDeliveries = true;
  readonly #connection: DuckdbConnection;
  readonly #claims = new ClaimRegistry();
  #isOpen = false;

  /** Does nothing with the database yet. */
  constructor(connection: DuckdbConnection) {
    this.#connection = connection;
  }

  async read(key: string, signal?: AbortSignal): Promise<Checkpoint | undefined> {
    return (await this.#transact(() => this.#find(key), signal)).stored();
  }

  /**
   * Replaces the stored checkpoint, except for anything that loads of the same run have committed.
   */
  async write(key: string, checkpoint: Checkpoint, signal?: AbortSignal): Promise<void> {
    if (this.#claims.isKnown(key, checkpoint)) return;
    await this.#transact(async () => {
      await this.#store(key, planWrite(key, checkpoint, await this.#find(key)));
    }, signal);
  }

  async claim(key: string, claim: Claim, now: number, signal?: AbortSignal): Promise<Claim> {
    const { runId, until, lease } = claim;
    const row = await this.#transact(async () => {
      const time = lease === undefined ? null : `${lease}`;
      await this.#connection.run(claimSql, [storedKey(key), runId, `${until}`, time, `${now}`]);
      return this.#find(key);
    }, signal);
    if (row.owner === runId) this.#claims.onClaimed(key, runId, row.stored());
    return row.claim!;
  }

  async release(key: string, runId: string, signal?: AbortSignal): Promise<void> {
    await this.#transact(() => this.#connection.run(releaseSql, [storedKey(key), runId]), signal);
    this.#claims.onReleased(key, runId);
  }

  /**
   * Calls `insert` in one transaction with the mark, or without it if the run writes the mark; not at all
   * if the load is done. Returns a function that takes the mark back.
   */
  async commit(
    mark: CommitMark,
    insert: () => Promise<void>,
    signal?: AbortSignal,
  ): Promise<(() => Promise<void>) | undefined> {
    const { key } = mark;
    const plan = await this.#transact(async () => {
      const row = await this.#find(key);
      const plan = planCommit(mark, row, this.#claims);
      if (plan === "skip") return { before: row.stored() ?? blankCheckpoint, write: undefined };
      await insert();
      if (plan.write !== undefined) await this.#store(key, plan.write);
      else await this.#connection.run(touchSql, [storedKey(key)]);
      return plan;
    }, signal);
    this.#claims.onCommitted(mark, plan.write?.next);
    return mark.isMarked ? this.#undoOf(mark, plan.before) : undefined;
  }

  /** Made here, as a function made beside `insert` would keep the rows for as long as it is kept. */
  #undoOf(mark: CommitMark, before: Checkpoint): () => Promise<void> {
    return () => this.#takeBack(mark, before);
  }

  async #takeBack(mark: CommitMark, before: Checkpoint): Promise<void> {
    const { key } = mark;
    await this.#transact(async () => {
      await this.#store(key, planUndo(mark, before, await this.#find(key), this.#claims));
    });
    this.#claims.onUndone(mark);
  }

  #transact<T>(body: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const failed = () => void (this.#isOpen = false); // The table may have been rolled back.
    return transactAgain(this.#connection, () => this.#withTable(body), failed, signal);
  }

  async #withTable<T>(body: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) await this.#connection.run(tableSql);
    this.#isOpen = true;
    return await body();
  }

  async #find(key: string): Promise<Kept> {
    const [row = []] = await rowsOf(this.#connection, findSql, [storedKey(key)]);
    const [checkpoint, loadedBy, runId, until, lease] = row as Partial<StoredRow>;
    const owner = runId ?? undefined;
    const time = lease == null ? undefined : { lease };
    return {
      owner,
      loadedBy: loadedBy ?? undefined,
      claim: owner === undefined ? undefined : { runId: owner, until: until!, ...time },
      stored: () => checkpoint == null ? undefined : decodeCheckpoint(key, checkpoint),
    };
  }

  async #store(key: string, { next, loadedBy }: WritePlan): Promise<void> {
    const values = [storedKey(key), encodeCheckpoint(next), loadedBy ?? null];
    await this.#connection.run(storeSql, values);
  }
}

type StoredRow = [
  checkpoint: string | null,
  /** The run whose load wrote it last; `null` if a write replaced it. */
  loadedBy: string | null,
  runId: string | null,
  until: number | null,
  lease: number | null,
];

/** Record that is kept for a key. */
interface Kept extends KeptKey {
  /** The claim that holds, if one does. */
  readonly claim: Claim | undefined;
}
