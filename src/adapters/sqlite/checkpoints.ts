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
import {
  checkClient,
  execute,
  prepare,
  type SqliteDatabase,
  type SqliteStatement,
  transact,
} from "./client.ts";
import { storedKey } from "../../sql/text.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Turns } from "./turns.ts";

interface Statements {
  readonly find: SqliteStatement;
  readonly store: SqliteStatement;
  readonly claim: SqliteStatement;
  readonly release: SqliteStatement;
}

interface StoredRow {
  readonly checkpoint: string | null;
  /** The run whose load wrote it last; `null` if a write replaced it. */
  readonly loaded_by: string | null;
  readonly run_id: string | null;
  readonly lease_until: number | null;
  readonly lease: number | null;
}

// Both times are real, so that they are numbers: integers are read as bigints.
const tableSql = `create table if not exists millrace_checkpoint (
  key text not null primary key, checkpoint text, loaded_by text, run_id text, lease_until real,
  lease real
)`;
const findSql = `select checkpoint, loaded_by, run_id, lease_until, lease
  from millrace_checkpoint where key = ?`;
const storeSql = `insert into millrace_checkpoint (key, checkpoint, loaded_by) values (?, ?, ?)
  on conflict (key) do update set checkpoint = excluded.checkpoint, loaded_by = excluded.loaded_by`;
const claimSql =
  `insert into millrace_checkpoint (key, run_id, lease_until, lease) values (?, ?, ?, ?)
  on conflict (key) do update set run_id = excluded.run_id, lease_until = excluded.lease_until,
    lease = excluded.lease
  where run_id is null or run_id = excluded.run_id or lease_until <= ?`;
const releaseSql = `update millrace_checkpoint set run_id = null, lease_until = null, lease = null
  where key = ? and run_id = ?`;

type MaybePromise<T> = T | Promise<T>;

/** Checkpoint that a commit has found, and the mark that it writes. */
interface Planned {
  readonly before: Checkpoint;
  readonly write: WritePlan | undefined;
}

/** Stores checkpoints in a table next to the rows, which is created when first needed. */
export class SqliteCheckpoints implements Required<CheckpointStore> {
  /** So does the load. */
  readonly keepsDeliveries = true;
  readonly #db: SqliteDatabase;
  readonly #turns: Turns;
  readonly #claims = new ClaimRegistry();
  #statements: Statements | undefined;

  /** Does nothing with the database yet. */
  constructor(db: SqliteDatabase, turns: Turns) {
    this.#db = db;
    this.#turns = turns;
  }

  read(key: string): MaybePromise<Checkpoint | undefined> {
    return this.#turns.take(() => this.#transact((statements) => find(statements, key)).stored());
  }

  /**
   * Replaces the stored checkpoint, except for anything that loads of the same run have committed.
   */
  write(key: string, checkpoint: Checkpoint): MaybePromise<void> {
    return this.#turns.take(() => {
      if (this.#claims.isKnown(key, checkpoint)) return;
      this.#transact((statements) => {
        store(statements, key, planWrite(key, checkpoint, find(statements, key)));
      });
    });
  }

  claim(key: string, { runId, until, lease }: Claim, now: number): MaybePromise<Claim> {
    return this.#turns.take(() => {
      const row = this.#transact((statements) => {
        statements.claim.run(storedKey(key), runId, until, lease ?? null, now);
        return find(statements, key);
      });
      if (row.owner === runId) this.#claims.onClaimed(key, runId, row.stored());
      return row.claim!;
    });
  }

  release(key: string, runId: string): MaybePromise<void> {
    return this.#turns.take(() => {
      this.#transact((statements) => statements.release.run(storedKey(key), runId));
      this.#claims.onReleased(key, runId);
    });
  }

  /**
   * Calls `insert` in one transaction with the mark, or without it if the run writes the mark; not at all
   * if the load is done. Returns a function that takes the mark back, or a promise of it if `insert`
   * returns a promise.
   */
  commit(mark: CommitMark, insert: () => unknown): unknown {
    return this.#turns.take(() => {
      const plan = this.#transact((statements) => this.#insert(mark, insert, statements));
      const end = (plan: Planned) => {
        this.#claims.onCommitted(mark, plan.write?.next);
        return mark.isMarked ? this.#undoOf(mark, plan.before) : undefined;
      };
      return isThenable(plan) ? Promise.resolve(plan).then(end) : end(plan);
    });
  }

  #insert(
    mark: CommitMark,
    insert: () => unknown,
    statements: Statements,
  ): Planned | Promise<Planned> {
    const row = find(statements, mark.key);
    const plan = planCommit(mark, row, this.#claims);
    if (plan === "skip") return { before: row.stored() ?? blankCheckpoint, write: undefined };
    const inserted = insert();
    const end = (): Planned => {
      if (plan.write !== undefined) store(statements, mark.key, plan.write);
      return plan;
    };
    return isThenable(inserted) ? Promise.resolve(inserted).then(end) : end();
  }

  /** Made here, as a function made beside `insert` would keep the rows for as long as it is kept. */
  #undoOf(mark: CommitMark, before: Checkpoint): () => unknown {
    return () => this.#turns.take(() => this.#takeBack(mark, before));
  }

  #takeBack(mark: CommitMark, before: Checkpoint): void {
    const { key } = mark;
    this.#transact((statements) => {
      store(statements, key, planUndo(mark, before, find(statements, key), this.#claims));
    });
    this.#claims.onUndone(mark);
  }

  #transact<T>(body: (statements: Statements) => T): T {
    if (this.#statements === undefined) checkClient(this.#db);
    const failed = (error: unknown): never => {
      this.#statements = undefined; // The table may have been made by what was rolled back.
      throw error;
    };
    try {
      const result = transact(this.#db, () => body(this.#statements ??= this.#open()));
      return isThenable(result) ? Promise.resolve(result).catch(failed) as T : result;
    } catch (error) {
      return failed(error);
    }
  }

  #open(): Statements {
    execute(this.#db, tableSql);
    return {
      find: prepare(this.#db, findSql),
      store: prepare(this.#db, storeSql),
      claim: prepare(this.#db, claimSql),
      release: prepare(this.#db, releaseSql),
    };
  }
}

/** Record that is kept for a key. */
interface Kept extends KeptKey {
  /** The claim that holds, if one does. */
  readonly claim: Claim | undefined;
}

function find(statements: Statements, key: string): Kept {
  const row = statements.find.get(storedKey(key)) as StoredRow | null | undefined;
  return {
    owner: row?.run_id ?? undefined,
    loadedBy: row?.loaded_by ?? undefined,
    claim: row == null ? undefined : claimIn(row),
    stored: () => row?.checkpoint == null ? undefined : decodeCheckpoint(key, `${row.checkpoint}`),
  };
}

function claimIn({ run_id, lease_until, lease }: StoredRow): Claim | undefined {
  if (run_id === null) return undefined;
  return { runId: run_id, until: lease_until!, ...(lease === null ? undefined : { lease }) };
}

function store(statements: Statements, key: string, { next, loadedBy }: WritePlan): void {
  statements.store.run(storedKey(key), encodeCheckpoint(next), loadedBy ?? null);
}
