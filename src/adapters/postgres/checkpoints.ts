import { CheckpointError } from "../../errors.ts";
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
  type CommitPlan,
  isMarkedIn,
  type KeptKey,
  planCommit,
  planUndo,
  planWrite,
  type WritePlan,
} from "../../checkpoints/plan-commit.ts";
import { isStorableText } from "../../sql/text.ts";
import { type OwnTable, serverTime } from "./bookkeeping.ts";
import { type Database, heeding, type Session } from "./database.ts";
import { KnownMarks, type WrittenMark } from "./known-marks.ts";

/** Checkpoints in a table of the database, so that a load and its mark can be one commit. */
export class PostgresCheckpoints implements Required<CheckpointStore> {
  /** The load of the sink commits the ids of deliveries with its rows. */
  readonly keepsDeliveries = true;
  readonly #database: Database;
  readonly #table: OwnTable;
  readonly #claims = new ClaimRegistry();
  readonly #marks = new KnownMarks();

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
    if (this.#claims.isKnown(key, checkpoint)) return; // It tells no news.
    await this.#prepare(key, signal);
    this.#marks.forget(key);
    const { name } = this.#table;
    await this.#database.transaction(async (session) => {
      // The row has to be there to be locked.
      await session.values(
        `insert into ${name} (key) values ($1::text) on conflict do nothing`,
        [key],
      );
      const kept = await this.#lock(session, key);
      await this.#store(session, key, planWrite(key, checkpoint, kept));
    }, signal);
  }

  /**
   * Makes a run the owner of a key if it is free, in one statement; gives the claim that holds. That
   * of another run is over after its lease, by the clock of the server, as all clients share that.
   */
  async claim(key: string, claim: Claim, now: number, signal?: AbortSignal): Promise<Claim> {
    await this.#prepare(key, signal);
    this.#marks.forget(key);
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
    if (owner === runId) this.#claims.onClaimed(key, runId, decode(key, checkpoint));
    const kept = time === null ? undefined : { lease: Number(time) };
    return { runId: String(owner), until: Number(end), ...kept };
  }

  /** Ends the claim of a run, if it owns the key. */
  async release(key: string, runId: string, signal?: AbortSignal): Promise<void> {
    await this.#prepare(key, signal);
    this.#claims.onReleased(key, runId);
    this.#marks.forget(key);
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
   * Returns true if a mark was committed already: the answer to an earlier attempt may have been
   * lost. Waits for one that is still being committed, which has locked the row.
   */
  async has(mark: CommitMark, signal?: AbortSignal): Promise<boolean> {
    const { key, runId } = mark;
    await this.#prepare(key, signal);
    const { owner, stored } = await this.#lock(heeding(this.#database, signal), key);
    if (owner === runId) this.#claims.checkOwner(mark, owner);
    return isMarkedIn(stored() ?? blankCheckpoint, mark);
  }

  /** Returns true if a load that marks nothing was committed from here, in the same run. */
  hasUnmarked(mark: CommitMark): boolean {
    return this.#claims.hasUnmarked(mark);
  }

  /**
   * Adds a mark, as the last thing of a transaction, as others wait for the row from here on; only
   * checks that it may be added where it is left to the run. Gives what to do after the commit;
   * nothing, and changes nothing, if the load was committed already.
   * @throws {FencedError} If the run does not own the key, or another one has marked a part of it.
   */
  async mark(session: Session, mark: CommitMark): Promise<Marked | undefined> {
    const { key, isMarked } = mark;
    const last = isMarked ? this.#marks.begin(key) : undefined;
    const done = await this.#markAfter(session, mark, last) ??
      await this.#markLocked(session, mark);
    if (done === "skip") return undefined;
    const { plan, text } = done;
    return {
      onCommitted: () => {
        this.#claims.onCommitted(mark, plan.write?.next);
        if (text !== undefined) this.#marks.end(key, { runId: mark.runId, text });
      },
      takeBack: () => this.#takeBack(mark, plan),
    };
  }

  /**
   * Writes a mark in one statement, if the row is as the last one from here has left it. Otherwise
   * nothing is written or returned.
   */
  async #markAfter(
    session: Session,
    mark: CommitMark,
    last: WrittenMark | undefined,
  ): Promise<Done | undefined> {
    const plan = last && planAfter(mark, last, this.#claims);
    if (plan?.write === undefined) return undefined;
    const text = encodeCheckpoint(plan.write.next);
    const statement = `update ${this.#table.name} set checkpoint = $2::text
      where key = $1::text and run_id = $3::text and loaded_by = $3::text and checkpoint = $4::text
      returning 1`;
    const rows = await session.values(statement, [mark.key, text, mark.runId, last!.text]);
    return rows.length === 0 ? undefined : { plan, text };
  }

  async #markLocked(session: Session, mark: CommitMark): Promise<Done | "skip"> {
    const { key } = mark;
    const plan = planCommit(mark, await this.#lock(session, key), this.#claims);
    if (plan === "skip") return "skip";
    const text = plan.write && await this.#store(session, key, plan.write);
    return { plan, text };
  }

  async #takeBack(mark: CommitMark, { before }: CommitPlan): Promise<void> {
    const { key } = mark;
    await this.#database.transaction(async (session) => {
      const kept = await this.#lock(session, key);
      await this.#store(session, key, planUndo(mark, before, kept, this.#claims));
    });
    this.#claims.onUndone(mark);
    this.#marks.forget(key);
  }

  /** A client would send another key for one that cannot be encoded. */
  async #prepare(key: string, signal?: AbortSignal): Promise<void> {
    if (!isStorableText(key)) throw new CheckpointError(key, "PostgreSQL cannot store its key");
    await this.#table.prepare(signal);
  }

  async #lock(session: Pick<Session, "values">, key: string): Promise<KeptKey> {
    const statement = `select checkpoint, run_id, loaded_by from ${this.#table.name}
      where key = $1::text for update`;
    const [row = []] = await session.values(statement, [key]) as [(string | null)[]?];
    const [text, owner, loadedBy] = row;
    return {
      owner: owner ?? undefined,
      loadedBy: loadedBy ?? undefined,
      stored: () => decode(key, text),
    };
  }

  /** Returns the checkpoint as it is stored. */
  async #store(session: Session, key: string, { next, loadedBy }: WritePlan): Promise<string> {
    const text = encodeCheckpoint(next);
    const statement = `update ${this.#table.name} set checkpoint = $2::text, loaded_by = $3::text
      where key = $1::text`;
    await session.values(statement, [key, text, loadedBy ?? null]);
    return text;
  }
}

/** A mark that a transaction has written. */
interface Done {
  readonly plan: CommitPlan;
  /** The checkpoint as it is stored, unless the mark is left to the run. */
  readonly text: string | undefined;
}

/** Plans a mark for a row that is taken to be as the last mark has left it. */
function planAfter(
  mark: CommitMark,
  { runId, text }: WrittenMark,
  claims: ClaimRegistry,
): CommitPlan | undefined {
  if (runId !== mark.runId) return undefined;
  const stored = () => decode(mark.key, text);
  try {
    const plan = planCommit(mark, { owner: runId, loadedBy: runId, stored }, claims);
    return plan === "skip" ? undefined : plan;
  } catch {
    return undefined; // The row itself decides.
  }
}

/** A mark that is part of a transaction. */
interface Marked {
  /** To be called after the commit. */
  readonly onCommitted: () => void;
  /** Takes the mark back, after the commit. */
  readonly takeBack: () => Promise<void>;
}

function decode(key: string, text: unknown): Checkpoint | undefined {
  return typeof text === "string" ? decodeCheckpoint(key, text) : undefined;
}
