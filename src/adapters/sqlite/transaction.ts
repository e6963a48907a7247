import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { callable, checkOptions, fail, type OptionTable } from "../../options.ts";
import { unlessAborted } from "../../runtime/waiting.ts";
import { isThenable } from "../../runtime/thenable.ts";
import { addDrift } from "../../sql/drift.ts";
import { failureIn } from "../../sql/row-errors.ts";
import { Written } from "../../sql/written.ts";
import { queryRows, type SqliteDatabase, type SqliteValue } from "./client.ts";
import { RowWriter } from "./row-writer.ts";
import { checkSinkOptions, type SqliteSinkOptions } from "./sink-options.ts";
import type { Checked, Loader } from "./tree-writer.ts";
import { expectedOf, isStorable } from "../../sql/sqlite/values.ts";

/** Options for writing rows into a table of a transaction, as in a sink of that table. */
export type SqliteInsertOptions = Pick<
  SqliteSinkOptions,
  "columns" | "conflict" | "key" | "unknown"
>;

/** The transaction that includes the mark. It can be used until `write` has ended. */
export interface SqliteTransaction {
  /**
   * Writes rows, or deletes by tombstones among them, as a sink of the table does.
   * @throws {TypeError} If a row does not fit. The message names the table and the place of the row.
   * @throws {ConfigurationError} If an option is wrong, or the table or a column is missing.
   */
  insert(table: string, rows: readonly object[], options?: SqliteInsertOptions): void;
  /**
   * Runs one statement with a value for each `?`, and returns its rows. Integers are bigints.
   * @throws {ConfigurationError} If SQLite cannot store a value unchanged.
   */
  query(text: string, values?: readonly unknown[]): Record<string, SqliteValue>[];
}

/** Options of a sink whose function writes the rows. */
export interface SqliteWriteOptions<Row extends object = object> {
  /**
   * Writes the rows of a load, in one transaction with the mark of their items. The transaction is
   * committed once the function has returned, and its promise, if any, is fulfilled. If it fails, nothing
   * is written, and the error is passed through. While its promise is pending, other work of the sink
   * waits, so do not await anything of the sink itself in it.
   */
  readonly write: (
    tx: SqliteTransaction,
    rows: readonly Row[],
    context: SinkLoadContext,
  ) => unknown;
  /** One table, instead of a function. */
  readonly table?: undefined;
  /** Several tables, instead of a function. */
  readonly tables?: undefined;
}

const writeOptions: OptionTable<Pick<SqliteWriteOptions, "write">> = { write: [callable] };
/** Statements that would end the transaction that the mark is part of. */
const ending = /^\s*(begin|commit|end|rollback(?!\s+(transaction\s+)?to\b))\b/i;

/** @throws {ConfigurationError} If it is not a function, or there is another option. */
export function checkWriteOptions(
  action: string,
  options: SqliteWriteOptions,
): SqliteWriteOptions["write"] {
  return checkOptions(action, options as Pick<SqliteWriteOptions, "write">, writeOptions).write;
}

/** Facts about a load that are reported once it is committed. */
interface Told {
  readonly drift: Record<string, number>;
  readonly written: Written;
}

/** Writes rows by a function of the user's. */
export class FunctionWriter implements Loader {
  readonly #db: SqliteDatabase;
  readonly #write: SqliteWriteOptions["write"];
  #writers = new Map<string, RowWriter>();

  constructor(db: SqliteDatabase, write: SqliteWriteOptions["write"]) {
    this.#db = db;
    this.#write = write;
  }

  /** Accepts rows; their errors are reported when they are written. */
  check(rows: readonly object[], context: SinkLoadContext): Checked {
    const drift: Record<string, number> = {};
    const written = new Written();
    return { drift, written, write: () => this.#run(rows, context, { drift, written }) };
  }

  /** Notes that a load has failed: tables are looked up again. */
  failed(): void {
    this.#writers = new Map();
  }

  #run(
    rows: readonly object[],
    context: SinkLoadContext,
    told: Told,
  ): unknown {
    let isOpen = true;
    const use = <T>(work: () => T): T => {
      context.signal?.throwIfAborted();
      if (!isOpen) fail("use a transaction", "tx", "used before 'write' has ended", "a late use");
      return work();
    };
    const tx: SqliteTransaction = {
      insert: (table, rows, options = {}) =>
        use(() => this.#insert({ ...options, table }, rows, context, told)),
      query: (text, values = []) => use(() => this.#query(text, values)),
    };
    const end = () => {
      isOpen = false;
    };
    try {
      const result = this.#write(tx, rows, context);
      if (isThenable(result)) {
        return unlessAborted(Promise.resolve(result).then(() => {}), context.signal).finally(end);
      }
    } catch (error) {
      end();
      throw error;
    }
    end();
    return undefined;
  }

  #insert(
    options: SqliteSinkOptions,
    rows: readonly object[],
    context: SinkLoadContext,
    { drift, written }: Told,
  ): void {
    const { table } = options;
    const writer = this.#writerOf(options);
    let checked: Checked;
    try {
      checked = writer.check(rows, context);
      checked.write();
    } catch (error) {
      throw failureIn(error, table);
    }
    addDrift(drift, table, checked.drift);
    checked.written.tell({ wrote: (counts) => written.addAll(counts) });
  }

  #writerOf(options: SqliteSinkOptions): RowWriter {
    const settings = checkSinkOptions("insert rows", options);
    const id = JSON.stringify(settings);
    let writer = this.#writers.get(id);
    if (writer === undefined) {
      if (this.#writers.size >= 64) this.#writers.clear(); // Somebody makes names.
      writer = new RowWriter(this.#db, settings);
      this.#writers.set(id, writer);
    }
    return writer;
  }

  #query(text: string, values: readonly unknown[]): Record<string, SqliteValue>[] {
    if (ending.test(text)) {
      fail("query", "text", "a statement that does not begin or end a transaction", text);
    }
    values.forEach((value, n) => {
      if (!isStorable(value)) fail("query", `values[${n}]`, expectedOf(value), value);
    });
    return queryRows(this.#db, text, values as readonly SqliteValue[]);
  }
}
