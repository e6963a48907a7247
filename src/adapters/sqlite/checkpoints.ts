import { FencedError } from "../../errors.ts";
import { fail } from "../../options.ts";
import {
  advance,
  blankCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  checkWriter,
  type Claim,
  covers,
  decodeCheckpoint,
  encodeCheckpoint,
  rangesOf,
} from "../../checkpoints/checkpoint.ts";
import {
  ClaimRegistry,
  type CommitMark,
  Unmarked,
  withoutMark,
} from "../../checkpoints/commit-mark.ts";
import {
  checkClient,
  execute,
  prepare,
  type SqliteDatabase,
  type SqliteStatement,
  transact,
} from "./database.ts";
import { isStorable } from "./values.ts";

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

/** Checkpoints in a table beside the rows, which it makes when it is first needed. */
export class SqliteCheckpoints implements Required<CheckpointStore> {
  readonly #db: SqliteDatabase;
  readonly #committed = new Map<string, Checkpoint>(); // What loads wrote since the last claim.
  readonly #claims = new Map<string, string>(); // Which run has claimed each key from here.
  readonly #claimants = new ClaimRegistry();
  readonly #unmarked = new Unmarked();
  #statements: Statements | undefined;

  /** Does nothing with the database yet. */
  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  read(key: string): Checkpoint | undefined {
    return storedIn(key, this.#transact((statements) => find(statements, key)));
  }

  /** Replaces what is stored, but for what loads of the same run have committed. */
  write(key: string, checkpoint: Checkpoint): void {
    const ranges = rangesOf(checkpoint);
    const committed = this.#committed.get(key);
    if (committed && committed.runId === checkpoint.runId && covers(committed, ranges)) return;
    this.#transact((statements) => {
      const row = find(statements, key);
      const { runId, updatedAt } = checkpoint;
      const stored = runId === undefined ? undefined : storedIn(key, row); // Or it repairs it.
      checkWriter(key, checkpoint, row?.run_id ?? undefined, stored);
      const isLoaded = stored !== undefined && row?.loaded_by === runId;
      const next = isLoaded ? { ...advance(stored, ranges), updatedAt } : checkpoint;
      const loadedBy = isLoaded ? runId! : null;
      statements.store.run(keyText(key), encodeCheckpoint(next), loadedBy);
    });
  }

  claim(key: string, { runId, until, lease }: Claim, now: number): Claim {
    this.#committed.delete(key);
    const row = this.#transact((statements) => {
      statements.claim.run(keyText(key), runId, until, lease ?? null, now);
      return find(statements, key)!;
    });
    const kept = row.lease === null ? undefined : { lease: row.lease };
    const holder = { runId: row.run_id!, until: row.lease_until!, ...kept };
    if (holder.runId === runId) {
      this.#claims.set(key, runId);
      this.#claimants.add(key, runId, storedIn(key, row));
    }
    return holder;
  }

  release(key: string, runId: string): void {
    this.#transact((statements) => statements.release.run(keyText(key), runId));
    this.#claimants.delete(key, runId);
    this.#unmarked.delete(key, runId);
  }

  /**
   * Does `insert` and marks what it completes in one transaction; where that is marked already, an
   * earlier attempt was committed although nobody heard of it, and nothing is done. Where it
   * completes nothing, nothing can be told by that. Gives what takes the mark back.
   */
  commit(mark: CommitMark, insert: () => void): () => void {
    const { key, runId, ranges } = mark;
    let before = blankCheckpoint;
    const committed = this.#transact((statements) => {
      before = this.#ownedBy(statements, mark);
      if (ranges.length > 0 && covers(before, ranges)) return before;
      this.#claimants.check(mark, before);
      insert();
      const next = { ...advance(before, ranges), updatedAt: Date.now(), runId };
      statements.store.run(keyText(key), encodeCheckpoint(next), runId);
      return next;
    });
    this.#committed.set(key, committed);
    return () => this.#takeBack(mark, before);
  }

  #takeBack(mark: CommitMark, before: Checkpoint): void {
    const { key, runId } = mark;
    const left = this.#transact((statements) => {
      const next = withoutMark(this.#ownedBy(statements, mark), mark, before);
      statements.store.run(keyText(key), encodeCheckpoint(next), runId);
      return next;
    });
    this.#committed.set(key, left);
  }

  /**
   * Does `insert` in a transaction in which the run owns the key, and marks nothing: that is left to
   * the run. What it has committed before is not done again.
   */
  commitUnmarked(mark: CommitMark, insert: () => void): void {
    const { ranges } = mark;
    this.#transact((statements) => {
      const before = this.#ownedBy(statements, mark);
      if (ranges.length > 0 && covers(before, ranges) || this.#unmarked.has(mark)) return;
      this.#claimants.check(mark, before);
      insert();
    });
    this.#unmarked.add(mark);
  }

  /** What is marked of a key, which the run has to own. */
  #ownedBy(statements: Statements, mark: CommitMark): Checkpoint {
    const { key, runId } = mark;
    const row = find(statements, key);
    const owner = row?.run_id ?? undefined;
    if (owner !== runId) this.#refuse(key, runId, owner);
    this.#claimants.checkCall(mark);
    return storedIn(key, row) ?? blankCheckpoint;
  }

  #refuse(key: string, runId: string, owner: string | undefined): never {
    if (owner === undefined && this.#claims.get(key) !== runId) {
      fail("load by sqliteSink", "checkpoints", "those of the sink", "another store");
    }
    throw new FencedError(key, owner);
  }

  #transact<T>(body: (statements: Statements) => T): T {
    if (this.#statements === undefined) checkClient(this.#db);
    try {
      return transact(this.#db, () => body(this.#statements ??= this.#open()));
    } catch (error) {
      this.#statements = undefined; // The table may have been made by what was rolled back.
      throw error;
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

function find(statements: Statements, key: string): StoredRow | undefined {
  return (statements.find.get(keyText(key)) as StoredRow | null | undefined) ?? undefined;
}

/** A key as it is stored: so that no two of them become one. */
function keyText(key: string): string {
  return isStorable(key) ? key : JSON.stringify(key);
}

function storedIn(key: string, row: StoredRow | undefined): Checkpoint | undefined {
  return row?.checkpoint == null ? undefined : decodeCheckpoint(key, `${row.checkpoint}`);
}
