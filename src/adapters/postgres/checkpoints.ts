import { CheckpointError, FencedError } from "../../errors.ts";
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
import type { OwnTable } from "./bookkeeping.ts";
import { unstorable } from "./cells.ts";
import { type Database, heeding, type Session } from "./database.ts";

/** The time by the clock of the server, the same throughout a statement: milliseconds since 1970. */
const serverTime = "(extract(epoch from statement_timestamp())::float8 * 1000)";

/** Checkpoints in a table of the database, so that a load and its mark can be one commit. */
export class PostgresCheckpoints implements Required<CheckpointStore> {
  readonly #database: Database;
  readonly #table: OwnTable;
  /** What was committed from here for each key, so that a write that tells no news costs nothing. */
  readonly #committed = new Map<string, Checkpoint>();
  readonly #claimants = new ClaimRegistry();
  readonly #unmarked = new Unmarked();

  /** Makes a store in a table, which is made at the first use. */
  constructor(database: Database, table: OwnTable) {
    this.#database = database;
    this.#table = table;
  }

  /** The checkpoint of a key, if there is one. */
  async read(key: string, signal?: AbortSignal): Promise<Checkpoint | undefined> {
    await this.#prepare(key, signal);
    const text = `select checkpoint from ${this.#table.name} where key = $1::text`;
    const [row] = await this.#database.values(text, [key], signal);
    return decode(key, row?.[0]);
  }

  /**
   * Keeps a checkpoint. The marks that loads of its run have committed stay part of it, as they do
   * so while it is on its way.
   * @throws {FencedError} If another run owns the key, or has finished what the checkpoint lacks.
   */
  async write(key: string, checkpoint: Checkpoint, signal?: AbortSignal): Promise<void> {
    const committed = this.#committed.get(key);
    if (committed !== undefined && isPartOf(checkpoint, committed)) return;
    await this.#prepare(key, signal);
    const { name } = this.#table;
    await this.#database.transaction(async (session) => {
      // The row has to be there to be locked.
      await session.values(
        `insert into ${name} (key) values ($1::text) on conflict do nothing`,
        [key],
      );
      const { owner, text, loadedBy } = await this.#lock(session, key);
      const isByHand = checkpoint.runId === undefined; // It may repair what cannot be read.
      const stored = isByHand ? undefined : decode(key, text);
      checkWriter(key, checkpoint, owner, stored);
      const isSame = loadedBy !== undefined && loadedBy === checkpoint.runId;
      const next = isSame && stored !== undefined ? merged(stored, checkpoint) : checkpoint;
      await this.#store(session, key, next, isSame ? loadedBy : null);
    }, signal);
  }

  /**
   * Makes a run the owner of a key if it is free, in one statement; gives the claim that holds. That
   * of another run is over after its lease, by the clock of the server, as all clients share that.
   */
  async claim(key: string, claim: Claim, now: number, signal?: AbortSignal): Promise<Claim> {
    await this.#prepare(key, signal);
    const { runId, until, lease = null } = claim;
    const free = "(own.run_id is null or own.run_id = $2::text or own.lease_until <= $4::float8 " +
      `or own.lapses_at <= ${serverTime})`;
    const set = (column: string) =>
      `${column} = case when ${free} then excluded.${column} else own.${column} end`;
    const text = `insert into ${this.#table.name} as own
        (key, run_id, lease_until, lease, lapses_at)
      values ($1::text, $2::text, $3::float8, $5::float8, ${serverTime} + $6::float8)
      on conflict (key) do update
        set ${["run_id", "lease_until", "lease", "lapses_at"].map(set).join(", ")}
      returning run_id, lease_until::text, lease::text, checkpoint`;
    const values = [key, runId, until, now, lease, lease ?? until - now];
    const [row = []] = await this.#database.values(text, values, signal);
    const [owner, end, time, checkpoint] = row;
    if (owner === runId) this.#claimants.add(key, runId, decode(key, checkpoint));
    const kept = time === null ? undefined : { lease: Number(time) };
    return { runId: String(owner), until: Number(end), ...kept };
  }

  /** Ends the claim of a run, if it is the owner. */
  async release(key: string, runId: string, signal?: AbortSignal): Promise<void> {
    await this.#prepare(key, signal);
    this.#committed.delete(key);
    this.#claimants.delete(key, runId);
    this.#unmarked.delete(key, runId);
    const text = `update ${this.#table.name} set run_id = null, lease_until = null, lease = null,
        lapses_at = null
      where key = $1::text and run_id = $2::text`;
    await this.#database.values(text, [key, runId], signal);
  }

  /** Makes the table if it is not there. */
  prepare(signal?: AbortSignal): Promise<void> {
    return this.#table.prepare(signal);
  }

  /**
   * Whether a mark was committed already: the answer to an earlier attempt may have been lost. It
   * waits for one that is still being committed, which has locked the row.
   */
  async has(mark: CommitMark, signal?: AbortSignal): Promise<boolean> {
    const { key, runId, ranges } = mark;
    await this.#prepare(key, signal);
    const { owner, text } = await this.#lock(heeding(this.#database, signal), key);
    if (owner === runId) this.#claimants.checkCall(mark);
    return covers(decode(key, text) ?? blankCheckpoint, ranges);
  }

  /**
   * Adds a mark, as the last thing of a transaction, as others wait for the row from here on. Gives
   * what to do after the commit; nothing, and changes nothing, if the mark is there already.
   * @throws {FencedError} If the run does not own the key, or another one has marked a part of it.
   */
  async mark(session: Session, mark: CommitMark): Promise<Marked | undefined> {
    const { key, runId, ranges } = mark;
    const stored = await this.#check(session, mark);
    if (stored === undefined) return undefined;
    const next = { ...advance(stored, ranges), updatedAt: Date.now(), runId };
    await this.#store(session, key, next, runId);
    const onCommitted = () => {
      const known = this.#committed.get(key); // Answers to commits may come in another order.
      if (known === undefined || isPartOf(known, next)) this.#committed.set(key, next);
    };
    return { onCommitted, takeBack: () => this.#takeBack(mark, stored) };
  }

  async #takeBack(mark: CommitMark, before: Checkpoint): Promise<void> {
    const { key, runId } = mark;
    await this.#database.transaction(async (session) => {
      const { owner, text } = await this.#lock(session, key);
      if (owner !== runId) throw new FencedError(key, owner);
      const next = withoutMark(decode(key, text) ?? blankCheckpoint, mark, before);
      await this.#store(session, key, next, runId);
    });
    this.#committed.delete(key);
  }

  /** Whether a load that marks nothing was committed from here, in the same run. */
  hasUnmarked(mark: CommitMark): boolean {
    return this.#unmarked.has(mark);
  }

  /** As `mark`, for a load that leaves its mark to the run. */
  async own(session: Session, mark: CommitMark): Promise<(() => void) | undefined> {
    if (await this.#check(session, mark) === undefined) return undefined;
    return () => this.#unmarked.add(mark);
  }

  /** Locks a checkpoint and gives it, as far as it is; nothing if it has the mark already. */
  async #check(session: Session, mark: CommitMark): Promise<Checkpoint | undefined> {
    const { key, runId, ranges } = mark;
    const { owner, text } = await this.#lock(session, key);
    if (owner !== runId) throw new FencedError(key, owner);
    this.#claimants.checkCall(mark);
    const stored = decode(key, text) ?? blankCheckpoint;
    if (ranges.length > 0 && covers(stored, ranges)) return undefined;
    this.#claimants.check(mark, stored);
    return stored;
  }

  /** A client would send another key for one that cannot be encoded. */
  async #prepare(key: string, signal?: AbortSignal): Promise<void> {
    if (unstorable.test(key)) throw new CheckpointError(key, "PostgreSQL cannot store its key");
    await this.#table.prepare(signal);
  }

  async #lock(session: Session, key: string): Promise<Kept> {
    const statement = `select checkpoint, run_id, loaded_by from ${this.#table.name}
      where key = $1::text for update`;
    const [row = []] = await session.values(statement, [key]) as [(string | null)[]?];
    const [text, owner, loadedBy] = row;
    return { text, owner: owner ?? undefined, loadedBy: loadedBy ?? undefined };
  }

  async #store(
    session: Session,
    key: string,
    checkpoint: Checkpoint,
    loadedBy: string | null,
  ): Promise<void> {
    const text = `update ${this.#table.name} set checkpoint = $2::text, loaded_by = $3::text
      where key = $1::text`;
    await session.values(text, [key, encodeCheckpoint(checkpoint), loadedBy]);
  }
}

/** A mark that is part of a transaction. */
interface Marked {
  /** To be called after the commit. */
  readonly onCommitted: () => void;
  /** Takes the mark back, after the commit. */
  readonly takeBack: () => Promise<void>;
}

/** What a row of the table says. */
interface Kept {
  /** The checkpoint, as text. */
  readonly text: string | null | undefined;
  /** The run that has claimed the key. */
  readonly owner: string | undefined;
  /** The run whose loads have committed their marks here. */
  readonly loadedBy: string | undefined;
}

function decode(key: string, text: unknown): Checkpoint | undefined {
  return typeof text === "string" ? decodeCheckpoint(key, text) : undefined;
}

/** Whether all that a checkpoint tells is told by a later one of the same run. */
function isPartOf(checkpoint: Checkpoint, later: Checkpoint): boolean {
  return checkpoint.runId === later.runId && covers(later, rangesOf(checkpoint));
}

function merged(stored: Checkpoint, checkpoint: Checkpoint): Checkpoint {
  const updatedAt = Math.max(stored.updatedAt, checkpoint.updatedAt);
  return { ...advance(checkpoint, rangesOf(stored)), updatedAt };
}
