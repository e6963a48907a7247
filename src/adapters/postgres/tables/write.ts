/**
 * A function of the user's that writes batches, in the transaction of their mark.
 * @module
 */
import { BatchError, isOf } from "../../../errors.ts";
import { fail } from "../../../options.ts";
import type { LoadContext } from "../../../pipeline/pipeline.ts";
import { addDrift } from "../../../sql/drift.ts";
import { Written } from "../../../sql/written.ts";
import { type CountedSession, type Database, databaseOf, type Session } from "../database.ts";
import { KnownTable } from "../known-table.ts";
import { OneTable } from "../one-table.ts";
import { checkSinkOptions, type PostgresTableOptions } from "../sink-options.ts";
import { type KnownTarget, readTarget } from "../table/target.ts";
import { type BatchWriter, maxRuns, maxStatementLength, type Send } from "../writer.ts";
import type { PostgresTransaction, PostgresWrite } from "../write-options.ts";

type Targets = Map<string, KnownTarget>;

/** Has a function write the batches of a sink. */
export class FunctionWriter implements BatchWriter {
  readonly database: Database;
  readonly #write: PostgresWrite;
  readonly #schema: string | undefined;
  readonly #runs = new Map<string, Targets>();

  constructor(database: Database, write: PostgresWrite, schema: string | undefined) {
    this.database = database;
    this.#write = write;
    this.#schema = schema;
  }

  /** Returns a function that calls the user's function. */
  check(rows: readonly object[], context: { readonly runId: string }): Promise<Send> {
    const drift: Record<string, number> = Object.create(null);
    const written = new Written();
    const send = async (plain: Session) => {
      const session = { ...plain, written };
      written.clear();
      for (const name of Object.keys(drift)) delete drift[name];
      const targets = this.#targetsOf(context.runId);
      const tx = new Transaction({
        ...{ session, targets, drift, rows, database: this.database, schema: this.#schema },
      });
      try {
        await tx.run(() => this.#write(tx.shown, rows, context as unknown as LoadContext));
      } catch (error) {
        this.#runs.delete(context.runId); // A table may have changed.
        throw error;
      }
    };
    return Promise.resolve(Object.assign(send, { drift, written }));
  }

  /** Has a batch written by itself, all of it or nothing. */
  send(send: Send, signal?: AbortSignal): Promise<unknown> {
    return this.database.transaction(send, signal);
  }

  #targetsOf(runId: string): Targets {
    const targets = this.#runs.get(runId) ?? new Map();
    this.#runs.set(runId, targets);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > maxRuns) this.#runs.delete(oldest!);
    return targets;
  }
}

interface Parts {
  readonly session: CountedSession;
  readonly database: Database;
  readonly schema: string | undefined;
  /** Targets of rows that are known in this run. */
  readonly targets: Targets;
  readonly drift: Record<string, number>;
  /** The batch. */
  readonly rows: readonly object[];
}

class Transaction {
  /** Transaction that the function receives. */
  readonly shown: PostgresTransaction;
  readonly #parts: Parts;
  readonly #running = new Set<Promise<unknown>>();
  #isOver = false;
  /** A table has got columns: the known facts may be rolled back. */
  #hasGrown = false;
  /** Failure of a statement: the transaction cannot be committed, even if the failure was caught. */
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.shown = {
      insert: (table, rows, options) => this.#use(() => this.#insert(table, rows, options)),
      query: (text, values) => this.#use(() => this.#noting(parts.session.rows(text, values))),
    };
  }

  /** Calls the function, and fails if it has left anything unfinished. */
  async run(write: () => unknown): Promise<void> {
    try {
      await write();
    } finally {
      this.#isOver = true;
      await Promise.allSettled(this.#running);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isOver) {
      throw new Error("Cannot use 'tx' as its transaction is over once 'write' has returned");
    }
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      if (this.#isOver) {
        const error = new Error("Cannot commit as 'write' must wait for all that it has begun");
        this.#failure ??= { error };
      }
    }
  }

  async #noting<T>(statement: Promise<T>): Promise<T> {
    try {
      return await statement;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  async #insert(
    name: string,
    rows: readonly object[],
    options: PostgresTableOptions & { readonly schema?: string } = {},
  ): Promise<void> {
    const { database: { isSingle, json, hasCopy }, schema, targets, drift } = this.#parts;
    const { session } = this.#parts;
    const settings = checkSinkOptions("insert rows", { schema, ...options, table: name });
    if (settings.method === "copy" && !hasCopy) {
      fail("insert rows", "method", `"insert", as this client cannot copy`, settings.method);
    }
    if (rows.length === 0) return;
    const database = databaseOf({ isSingle, json, hasCopy, transaction: (work) => work(session) });
    const key = JSON.stringify(settings);
    const target = targets.get(key) ?? await this.#noting(readTarget(database, settings));
    if (!this.#hasGrown) targets.set(key, target);
    const known = new KnownTable(database, settings, target, false);
    try {
      const batch = await new OneTable(database, settings, known, maxStatementLength).read(rows);
      if (batch.isGrowing) {
        this.#hasGrown = true;
        targets.clear(); // Whether it is committed or not.
      }
      await this.#noting(batch.send(session));
      addDrift(drift, name, batch.drift);
    } catch (error) {
      throw isOf(error, BatchError) ? this.#ofBatch(error, rows) : error;
    }
  }

  /** The same failures by the rows of the batch, where it is these that were inserted. */
  #ofBatch({ failures }: BatchError, rows: readonly object[]): unknown {
    const places = new Map(this.#parts.rows.map((row, place) => [row, place]));
    const own = [...failures].map(([n, error]) => [places.get(rows[n]!), error] as const);
    const [[, first]] = own as [(typeof own)[0]];
    if (own.some(([place]) => place === undefined)) return first;
    return new BatchError(new Map(own as [number, unknown][]));
  }
}
