/**
 * How a sink sends batches: what it knows of its table, and what becomes of a batch that failed.
 * @module
 */
import { BatchError, ConfigurationError, isOf, SplitError } from "../../errors.ts";
import { badRows } from "./bad-rows.ts";
import type { Database, Session } from "./database.ts";
import { KnownTable } from "./known-table.ts";
import { type Group, partsOf } from "./rows.ts";
import type { CheckedSink } from "./sink-options.ts";
import { sqlStateOf } from "./sql-state.ts";
import { asConfiguration, isOfTable } from "./target.ts";

/** Sends a batch that was checked. */
export interface Send {
  /** Sends it. */
  (session: Session): Promise<unknown>;
  /** It is one statement, which needs no transaction around it. */
  readonly isOne: boolean;
  /** Rows that have a property which no column took, by its name. */
  readonly drift: Readonly<Record<string, number>>;
}

/** What a load is told that is needed to send its rows. */
export interface WriterContext {
  /** The run, for which the table is looked up once. */
  readonly runId: string;
}

/** The text that a statement takes at most, in characters: more of it would keep the thread. */
const maxStatementLength = 2 ** 20;

const maxRuns = 16; // Side by side; older ones look their table up again.

interface FailedBatch {
  readonly runId: string;
  readonly rows: readonly object[];
}

/** Sends the batches of a sink. */
export class Writer {
  /** The database, whose transactions reject with what is known of a batch that failed. */
  readonly database: Database;
  readonly #source: Database;
  readonly #options: CheckedSink;
  readonly #maxLength: number;
  readonly #runs = new Map<string, { readonly table: Promise<KnownTable>; isOld: boolean }>();
  readonly #failed = new WeakMap<object, FailedBatch>();
  /** Rows that the database was asked about: what it did not tell, only loading them will. */
  readonly #asked = new WeakSet<object>();

  constructor(database: Database, options: CheckedSink, maxLength: number = maxStatementLength) {
    this.#source = database;
    this.#options = options;
    this.#maxLength = maxLength;
    this.database = {
      ...database,
      transaction: (...work) => this.#explain(database.transaction(...work)),
    };
  }

  /**
   * Checks a batch, before anything is sent, and gives what sends it.
   * @throws {BatchError} If a value would not arrive as it is.
   * @throws {ConfigurationError} If no batch can be loaded.
   */
  async check(rows: readonly object[], { runId }: WriterContext): Promise<Send> {
    const table = await this.#tableOf(runId);
    const { groups, drift } = await table.read(rows);
    const parts = groups.flatMap((group) => partsOf(group, this.#maxLength));
    const send = async (session: Session) => {
      try {
        for (const part of parts) await table.send(session, part);
      } catch (error) {
        this.#outdate(runId, error);
        this.#failed.set(Object(error), { runId, rows });
        throw error;
      }
    };
    const isOne = parts.length === 1 && this.#options.method !== "copy";
    return Object.assign(send, { isOne, drift });
  }

  /** Sends a batch by itself, all of it or nothing. */
  send(send: Send): Promise<unknown> {
    return send.isOne ? this.#explain(send(this.#source)) : this.database.transaction(send);
  }

  #isAsked(rows: readonly object[]): boolean {
    return rows.every((row) => this.#asked.has(row));
  }

  #tableOf(runId: string): Promise<KnownTable> {
    const known = this.#runs.get(runId);
    if (known?.isOld === false) return known.table;
    const table = known === undefined ? this.#read() : this.#renew(known.table);
    this.#runs.set(runId, { table, isOld: false });
    table.catch(() => { // Whoever asked is told.
      if (this.#runs.get(runId)?.table === table) this.#runs.delete(runId);
    });
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > maxRuns) this.#runs.delete(oldest!);
    return table;
  }

  #read(): Promise<KnownTable> {
    return KnownTable.read(this.#source, this.#options);
  }

  async #renew(known: Promise<KnownTable>): Promise<KnownTable> {
    const table = await known;
    return await table.isCurrent() ? table : this.#read();
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

  /** What a batch has failed with, or more of it: that no batch can be loaded, or the rows to blame. */
  async #causeOf(error: unknown, { runId, rows }: FailedBatch): Promise<unknown> {
    const state = sqlStateOf(error) ?? "";
    const isOfValues = /^22|^23502$|^23514$/.test(state) && rows.length > 1 && !this.#isAsked(rows);
    if (state === "21000" && rows.length > 1) {
      return new SplitError("Two rows of the batch are the same to the database", { cause: error });
    }
    if (!isOfValues && !isOfTable(error)) return error;
    try {
      const table = await this.#tableOf(runId);
      const { groups } = await table.read(rows);
      const parts = groups.flatMap((group: Group) => partsOf(group, this.#maxLength));
      if (!isOfValues) {
        return table.lacksRight(error) ? asConfiguration(error, table.target.table) : error;
      }
      for (const row of rows) this.#asked.add(row);
      const failures = await badRows(this.#source, table, parts);
      return failures.size === 0 ? error : new BatchError(failures);
    } catch (found) {
      return isOf(found, ConfigurationError) || isOf(found, BatchError) ? found : error;
    }
  }
}
