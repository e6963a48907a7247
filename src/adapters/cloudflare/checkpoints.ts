import {
  type Awaitable,
  blankCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../checkpoints/checkpoint.ts";
import { ClaimRegistry } from "../../checkpoints/claim-registry.ts";
import type { CommitMark } from "../../checkpoints/commit-mark.ts";
import type { Deliveries } from "../../checkpoints/deliveries.ts";
import {
  type KeptKey,
  planCommit,
  planUndo,
  planWrite,
  type WritePlan,
} from "../../checkpoints/plan-commit.ts";
import { leaveOpen } from "../../retry/open-outcome.ts";
import { unlessAborted } from "../../runtime/waiting.ts";
import { storedKey } from "../../sql/text.ts";
import { takeTurns } from "../../runtime/take-turns.ts";
import {
  type Database,
  isOfStatement,
  type ResultRow,
  runAll,
  type Statement,
  statement,
} from "./database.ts";
import type { DatabaseDeliveries } from "./deliveries.ts";

/** Row that is stored for a key, as it is there. */
interface StoredRow {
  readonly checkpoint: string | null;
  /** The run whose load wrote it last; `null` if a write replaced it. */
  readonly loaded_by: string | null;
  readonly run_id: string | null;
  readonly lease_until: number | null;
  readonly lease: number | null;
}

const tables = [
  `create table if not exists millrace_checkpoint (
    key text not null primary key, checkpoint text, loaded_by text, run_id text, lease_until real,
    lease real
  )`,
  "create table if not exists millrace_guard (holds integer not null)",
].map((sql) => statement(sql));
const findSql = `select checkpoint, loaded_by, run_id, lease_until, lease
  from millrace_checkpoint where key = ?1`;
const storeSql = `insert into millrace_checkpoint (key, checkpoint, loaded_by) values (?1, ?2, ?3)
  on conflict (key) do update set checkpoint = excluded.checkpoint, loaded_by = excluded.loaded_by`;
const claimSql =
  `insert into millrace_checkpoint (key, run_id, lease_until, lease) values (?1, ?2, ?3, ?4)
  on conflict (key) do update set run_id = excluded.run_id, lease_until = excluded.lease_until,
    lease = excluded.lease
  where run_id is null or run_id = excluded.run_id or lease_until <= ?5`;
const releaseSql = `update millrace_checkpoint set run_id = null, lease_until = null, lease = null
  where key = ?1 and run_id = ?2`;
// A transaction ends only where a statement fails: this one does where the row has changed.
const guardSql = `insert into millrace_guard (holds) select null where not exists
  (select 1 from millrace_checkpoint
  where key = ?1 and checkpoint is ?2 and loaded_by is ?3 and run_id is ?4)`;
const guardNoneSql = `insert into millrace_guard (holds)
  select 1 where 0 union all select null from millrace_checkpoint where key = ?1`;
/** Infinity has no place in JSON, which values pass through: this stands for it. */
const forever = Number.MAX_VALUE;

/** Stores checkpoints in a table next to the rows, which is created when first needed. */
export class DatabaseCheckpoints implements Required<CheckpointStore> {
  /** The ids of deliveries go into the commit of the rows. */
  readonly keepsDeliveries: true = true;
  readonly #db: Database;
  readonly #deliveries: DatabaseDeliveries;
  readonly #claims = new ClaimRegistry();
  /** Rows that the last commits have left, by key, as far as this process knows. */
  readonly #left = new Map<string, StoredRow>();
  #hasTables = false;

  /** Does nothing with the database yet. */
  constructor(db: Database, deliveries: DatabaseDeliveries) {
    this.#db = db;
    this.#deliveries = deliveries;
  }

  async read(key: string): Promise<Checkpoint | undefined> {
    return keptOf(key, await this.#find(key)).stored();
  }

  /**
   * Replaces the stored checkpoint, except for anything that loads of the same run have committed.
   */
  async write(key: string, checkpoint: Checkpoint): Promise<void> {
    await takeTurns(this, async () => {
      if (this.#claims.isKnown(key, checkpoint)) return;
      await this.#change(key, (kept) => ({ write: planWrite(key, checkpoint, kept) }));
    });
  }

  async claim(key: string, { runId, until, lease }: Claim, now: number): Promise<Claim> {
    const values = [runId, finite(until), lease === undefined ? null : finite(lease), finite(now)];
    const claiming = statement(claimSql, storedKey(key), ...values);
    const [, [found]] = await this.#run([claiming, find(key)]) as [unknown, StoredRow[]];
    const row = found!;
    this.#left.delete(key);
    if (row.run_id === runId) this.#claims.onClaimed(key, runId, keptOf(key, row).stored());
    return claimIn(row)!;
  }

  async release(key: string, runId: string): Promise<void> {
    await this.#run([statement(releaseSql, storedKey(key), runId)]);
    this.#left.delete(key);
    this.#claims.onReleased(key, runId);
  }

  /** Runs the statements of a load that has no mark, together with the deliveries that it finishes. */
  async load(
    write: Write,
    deliveries: Deliveries | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await inTurn(this, async () => {
      const statements = await write();
      if (deliveries === undefined) await runAll(this.#db, statements);
      else await this.#deliveries.run(deliveries, statements);
    }, signal);
  }

  /**
   * Runs statements in one transaction with the mark, or without it if the run writes the mark. The
   * statements are requested once, or not at all if the load is done. Returns a function that takes the
   * mark back.
   */
  async commit(
    mark: CommitMark,
    write: Write,
    signal: AbortSignal | undefined,
  ): Promise<(() => Promise<void>) | undefined> {
    const { key } = mark;
    let before: Checkpoint = blankCheckpoint;
    let asked: ReturnType<Write> | undefined;
    const statements = () => asked ??= write();
    await inTurn(this, async () => {
      const plan = await this.#change(key, (kept) => {
        const plan = planCommit(mark, kept, this.#claims);
        before = plan === "skip" ? kept.stored() ?? blankCheckpoint : plan.before;
        return plan === "skip" ? undefined : { ...plan, statements };
      }, signal);
      this.#claims.onCommitted(mark, plan?.write?.next);
    }, signal);
    return mark.isMarked ? this.#undoOf(mark, before) : undefined;
  }

  /** Made here, as a function made beside `write` would keep the rows for as long as it is kept. */
  #undoOf(mark: CommitMark, before: Checkpoint): () => Promise<void> {
    return () =>
      takeTurns(this, async () => {
        const plan = (kept: KeptKey) => ({ write: planUndo(mark, before, kept, this.#claims) });
        await this.#change(mark.key, plan);
        this.#claims.onUndone(mark);
      });
  }

  /**
   * Plans a change by the stored row, and makes it if that is still there; otherwise plans
   * again. Somebody else has got further each time.
   */
  async #change<P extends Change>(
    key: string,
    plan: (kept: KeptKey) => P | undefined,
    signal?: AbortSignal,
  ): Promise<P | undefined> {
    for (;;) {
      const known = this.#left.get(key);
      const row = known ?? await this.#find(key);
      signal?.throwIfAborted();
      let planned: P | undefined;
      try {
        planned = plan(keptOf(key, row));
      } catch (error) {
        if (known === undefined) throw error;
        this.#left.delete(key); // By what was there before nobody is refused.
        continue;
      }
      if (planned === undefined) return undefined;
      const { write } = planned;
      const statements = await planned.statements?.() ?? [];
      const store = write === undefined ? [] : [storing(key, write)];
      try {
        await this.#run([guard(key, row), ...statements, ...store]);
      } catch (error) {
        this.#left.delete(key);
        if (isOfGuard(error)) continue;
        if (write === undefined || !await this.#isStored(key, write, error)) throw error;
        for (const { onDone } of statements) onDone?.();
      }
      if (write !== undefined) this.#remember(key, row, write);
      return planned;
    }
  }

  /** Returns true if a failed commit is stored all the same: its answer was lost. */
  async #isStored(key: string, { next }: WritePlan, error: unknown): Promise<boolean> {
    if (isOfStatement(error)) return false;
    try {
      return (await this.#find(key))?.checkpoint === encodeCheckpoint(next);
    } catch {
      throw leaveOpen(error);
    }
  }

  #remember(key: string, row: StoredRow | undefined, { next, loadedBy }: WritePlan): void {
    const { run_id = null, lease_until = null, lease = null } = row ?? {};
    const stored = { checkpoint: encodeCheckpoint(next), loaded_by: loadedBy ?? null };
    this.#left.set(key, { ...stored, run_id, lease_until, lease });
  }

  async #find(key: string): Promise<StoredRow | undefined> {
    const [[row]] = await this.#run([find(key)]) as unknown as [StoredRow[]];
    return row;
  }

  async #run(statements: readonly Statement[]): Promise<(readonly ResultRow[])[]> {
    const made = this.#hasTables ? [] : tables;
    try {
      const results = await runAll(this.#db, [...made, ...statements]);
      this.#hasTables = true;
      return results.slice(made.length);
    } catch (error) {
      this.#hasTables = false; // Somebody may have removed them.
      throw error;
    }
  }
}

/** Returns the statements that write the rows of a load. */
export type Write = () => Awaitable<readonly Statement[]>;

/** Change to make for a key. */
interface Change {
  readonly write: WritePlan | undefined;
  readonly statements?: Write;
}

/**
 * Calls a function in its turn. When the signal aborts, the caller stops waiting, but the turn continues.
 */
function inTurn<T>(
  owner: object,
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  return unlessAborted(takeTurns(owner, work, signal), signal);
}

function find(key: string): Statement {
  return statement(findSql, storedKey(key));
}

function storing(key: string, { next, loadedBy }: WritePlan): Statement {
  return statement(storeSql, storedKey(key), encodeCheckpoint(next), loadedBy ?? null);
}

/** Fails, and the transaction with it, if the stored row has changed. */
function guard(key: string, row: StoredRow | undefined): Statement {
  if (row === undefined) return statement(guardNoneSql, storedKey(key));
  const { checkpoint, loaded_by, run_id } = row;
  return statement(guardSql, storedKey(key), checkpoint, loaded_by, run_id);
}

function isOfGuard(error: unknown): boolean {
  return `${(error as Error | undefined)?.message}`.includes("millrace_guard.holds");
}

/** Returns the facts of a row that the rules of a commit need. */
function keptOf(key: string, row: StoredRow | undefined): KeptKey {
  return {
    owner: row?.run_id ?? undefined,
    loadedBy: row?.loaded_by ?? undefined,
    stored: () => row?.checkpoint == null ? undefined : decodeCheckpoint(key, row.checkpoint),
  };
}

function claimIn({ run_id, lease_until, lease }: StoredRow): Claim | undefined {
  if (run_id === null) return undefined;
  const until = lease_until ?? Infinity;
  const time = lease === null ? undefined : { lease: infinite(lease) };
  return { runId: run_id, until: infinite(until), ...time };
}

function finite(time: number): number {
  return Math.min(time, forever);
}

function infinite(time: number): number {
  return time >= forever ? Infinity : time;
}
