/**
 * Sends the batches of a sink: keeps the facts about its table, and finds out why a batch failed.
 * @module
 */
import { BatchError, ConfigurationError, isOf, SplitError } from "../../errors.ts";
import { Written } from "../../sql/written.ts";
import type { CheckedBatch, Destination } from "./destination.ts";
import { type Database, heeding, type Session } from "./database.ts";
import { OneTable } from "./one-table.ts";
import { remember } from "./remember.ts";
import type { SinkSettings, TablesSettings } from "./sink-options.ts";
import { sqlStateOf } from "./sql-state.ts";
import { KnownTables } from "./tables/known-tables.ts";
import { asConfiguration, isOfTable } from "./table/target.ts";

/** Sends a batch that was checked. */
export interface Send {
  /** Sends it. */
  (session: Session): Promise<unknown>;
  /** Rows that have a property which no column took, by its name. */
  readonly drift: Readonly<Record<string, number>>;
  /** Outcome of the rows that were sent last. */
  readonly written: Written;
}

/** Part of the context of a load that is needed to send its rows. */
export interface WriterContext {
  /** The run, for which the table is looked up once. */
  readonly runId: string;
  /** Aborts when the rows are no longer wanted. */
  readonly signal?: AbortSignal | undefined;
  /** The batch that they are of, if a run has made it. */
  readonly batch?: { readonly attempt: number } | undefined;
}

/** Sends batches. */
export interface BatchWriter {
  /** The database, whose transactions reject with all that is known about a batch that failed. */
  readonly database: Database;
  /** Checks a batch before anything is sent, and returns a function that sends it. */
  check(rows: readonly object[], context: WriterContext): Promise<Send>;
  /** Sends a batch by itself, all of it or nothing. */
  send(send: Send, signal?: AbortSignal): Promise<unknown>;
}

/** Maximum text of a statement, in characters: more would block the thread. */
export const maxStatementLength: number = 2 ** 20;

/** Most runs that are known at once; older ones look their tables up again. */
export const maxRuns = 16;

interface FailedBatch {
  readonly rows: readonly object[];
  readonly context: WriterContext;
}

/** Facts about the tables in a run. */
interface Known {
  readonly destination: (signal?: AbortSignal) => Promise<Destination>;
  /** A load has failed since. */
  isOld: boolean;
  /** Number of further batches that the database checks before they are sent. */
  asks: number;
}

/**
 * After a batch with bad values the next one is asked about first, and if it has some as well, so many
 * are: where they are rare, asking costs more than it spares.
 */
const maxAsks = 3;

/** One of so many rows is noted as asked about: to note each costs more than to ask. */
const askedStep = 16;

/** Sends the batches of a sink. */
export class Writer implements BatchWriter {
  /** The database, whose transactions reject with all that is known about a batch that failed. */
  readonly database: Database;
  readonly #source: Database;
  readonly #options: SinkSettings | TablesSettings;
  readonly #maxLength: number;
  readonly #runs = new Map<string, Known>();
  readonly #failed = new WeakMap<object, FailedBatch>();
  /** Rows of what the database was asked about: what it did not tell, only loading them will. */
  readonly #asked = new WeakSet<object>();

  constructor(
    database: Database,
    options: SinkSettings | TablesSettings,
    maxLength: number = maxStatementLength,
  ) {
    this.#source = database;
    this.#options = options;
    this.#maxLength = maxLength;
    this.database = {
      ...database,
      transaction: (...work) => this.#explain(database.transaction(...work)),
    };
  }

  /**
   * Checks a batch before anything is sent, and returns a function that sends it.
   * @throws {BatchError} If a value would not be stored unchanged.
   * @throws {ConfigurationError} If no batch can be loaded.
   */
  async check(rows: readonly object[], context: WriterContext): Promise<Send> {
    const batch = await this.#readAsking(rows, context);
    const written = new Written();
    const send = async (session: Session) => {
      written.clear();
      const known = this.#runs.get(context.runId);
      if (batch.isGrowing && known !== undefined) known.isOld = true; // Committed or not.
      try {
        await batch.send({ ...session, written });
      } catch (error) {
        this.#outdate(context.runId, error);
        this.#failed.set(Object(error), { rows, context });
        throw error;
      }
    };
    return Object.assign(send, { drift: batch.drift, written });
  }

  /** Sends a batch by itself, all of it or nothing. */
  send(send: Send, signal?: AbortSignal): Promise<unknown> {
    return this.database.transaction(send, signal);
  }

  #isAskable(rows: readonly object[]): boolean {
    return rows.length > 1 && !rows.slice(0, askedStep).some((row) => this.#asked.has(row));
  }

  /** Notes some of the rows that were asked about, so that whatever is left of them has one early. */
  #noteAsked(rows: readonly object[], failures?: ReadonlyMap<number, Error>): void {
    let good = 0;
    for (let place = 0; place < rows.length; place++) {
      if (failures?.has(place) !== true && good++ % askedStep === 0) this.#asked.add(rows[place]!);
    }
  }

  /**
   * Reads a batch. Where one before had values that the database refuses, it is asked for them first:
   * that spares a load that fails.
   */
  async #readAsking(rows: readonly object[], context: WriterContext): Promise<CheckedBatch> {
    const { runId, batch: { attempt } = { attempt: 1 } } = context;
    const known = this.#runs.get(runId);
    // A later attempt may find that the first has been committed, whatever is in the rows.
    const isAsking = known !== undefined && known.asks > 0 && attempt === 1 &&
      this.#isAskable(rows);
    if (!isAsking) return await this.#read(rows, context);
    known.isOld = true; // What it is asked by must be what the table is now.
    const batch = await this.#read(rows, context);
    const failures = await batch.badRows(heeding(this.#source, context.signal));
    this.#expect(runId, failures, [known.asks - 1, maxAsks]);
    if (failures.size > 0 && !areInvalid(failures)) return batch;
    this.#noteAsked(rows, failures);
    if (failures.size > 0) throw new BatchError(failures);
    return batch;
  }

  /** Notes how many batches are asked about next: `fewer` if it had none to blame, `more` if values were. */
  #expect(
    runId: string,
    failures: ReadonlyMap<number, Error>,
    [fewer, more]: readonly [fewer: number, more: number],
  ): void {
    const known = this.#runs.get(runId);
    if (known === undefined) return;
    known.asks = failures.size === 0 ? fewer : areInvalid(failures) ? more : 0;
  }

  async #read(
    rows: readonly object[],
    { runId, signal }: WriterContext,
  ): Promise<CheckedBatch> {
    const destination = await this.#destinationOf(runId, signal);
    return await destination.read(rows, signal);
  }

  #destinationOf(runId: string, signal: AbortSignal | undefined): Promise<Destination> {
    const known = this.#runs.get(runId);
    if (known?.isOld === false) return known.destination(signal);
    const destination = remember((stop) => this.#lookUp(known, stop));
    this.#runs.set(runId, { destination, isOld: false, asks: known?.asks ?? 0 });
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > maxRuns) this.#runs.delete(oldest!);
    const found = destination(signal);
    found.catch(() => { // Whoever asked is told.
      if (this.#runs.get(runId)?.destination === destination) this.#runs.delete(runId);
    });
    return found;
  }

  /** Looks the tables up, unless they are unchanged. */
  async #lookUp(known: Known | undefined, signal: AbortSignal): Promise<Destination> {
    const destination = await known?.destination(signal);
    if (await destination?.isCurrent(signal)) return destination!;
    const [database, options, length] = [this.#source, this.#options, this.#maxLength];
    return "tables" in options
      ? await KnownTables.lookUp(database, options, length, signal)
      : await OneTable.lookUp(database, options, length, signal);
  }

  /** A load has failed, perhaps as the table, or what one may do with it, has changed. */
  #outdate(runId: string, error: unknown): void {
    const known = this.#runs.get(runId);
    if (isOfTable(error)) this.#runs.delete(runId);
    else if (known !== undefined) known.isOld = true;
  }

  async #explain<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const failed = this.#failed.get(Object(error));
      throw failed === undefined ? error : await this.#causeOf(error, failed);
    }
  }

  /**
   * Returns the error of a batch, or a clearer one: no batch can be loaded, or these rows are to
   * blame.
   */
  async #causeOf(error: unknown, { rows, context }: FailedBatch): Promise<unknown> {
    const state = sqlStateOf(error) ?? "";
    // The syntax of some types is told like that of SQL, and what a name stands for like a table.
    const isOfValues = /^22|^23502$|^23514$|^54/.test(state);
    const isAskable = this.#isAskable(rows);
    if (state === "21000" && rows.length > 1) {
      return new SplitError("Two rows of the batch have the same key in the database", {
        cause: error,
      });
    }
    if (isOfValues ? !isAskable : !isOfTable(error)) return error;
    try {
      const batch = await this.#read(rows, context);
      const refusing = batch.lacksRight(error);
      if (refusing !== undefined) return asConfiguration(error, refusing);
      if (!isAskable) return error;
      this.#noteAsked(rows); // Also where it cannot tell.
      const failures = await batch.badRows(heeding(this.#source, context.signal));
      this.#noteAsked(rows, failures);
      this.#expect(context.runId, failures, [0, 1]);
      return failures.size === 0 ? error : new BatchError(failures);
    } catch (found) {
      return isOf(found, ConfigurationError) || isOf(found, BatchError) ? found : error;
    }
  }
}

/**
 * Returns true if all were rejected for a value that its type does not accept, in any load. A row
 * that lacks a value may well be loaded: a later one of the same key may take its place.
 */
function areInvalid(failures: ReadonlyMap<number, Error>): boolean {
  return [...failures.values()].every((error) => sqlStateOf(error)?.startsWith("22"));
}
