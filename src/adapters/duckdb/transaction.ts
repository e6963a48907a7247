import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { callable, checkOptions, fail, type OptionTable } from "../../options.ts";
import { unlessAborted } from "../../runtime/waiting.ts";
import { addDrift } from "../../sql/drift.ts";
import { failureIn } from "../../sql/row-errors.ts";
import { Written } from "../../sql/written.ts";
import type { DuckdbConnection } from "./client.ts";
import type { Checked, Loader } from "./loader.ts";
import { type DuckdbRow, rowOf } from "./own-values.ts";
import { RowWriter } from "./row-writer.ts";
import { checkSinkOptions, type DuckdbSinkOptions } from "./sink-options.ts";
import { Writer } from "./writer.ts";

/** Options for writing rows into a table of a transaction, as in a sink of that table. */
export type DuckdbInsertOptions = Pick<
  DuckdbSinkOptions,
  "columns" | "conflict" | "key" | "unknown"
>;

/** The transaction that includes the mark. It can be used until `write` has ended. */
export interface DuckdbTransaction {
  /**
   * Writes rows, or deletes by tombstones among them, as a sink of the table does.
   * @throws {TypeError} If a row does not fit. The message names the table and the place of the row.
   * @throws {ConfigurationError} If an option is wrong, or the table or a column is missing.
   */
  insert(table: string, rows: readonly object[], options?: DuckdbInsertOptions): Promise<void>;
  /**
   * Runs one statement with a value for each `$1`, `$2` …, as the client binds them, and returns its
   * rows. Their values are those of `duckdbSource`.
   */
  query(text: string, values?: readonly unknown[]): Promise<DuckdbRow[]>;
}

/** Options of a sink whose function writes the rows. */
export interface DuckdbWriteOptions<Row extends object = object> {
  /**
   * Writes the rows of a load, in one transaction with the mark of their items. The transaction is
   * committed once the function has returned, and its promise, if any, is fulfilled. If it fails, has
   * caught the failure of a statement, or has not awaited one, nothing is written. Other work on the
   * connection waits until then, so do not await anything of its sinks in it. If a transaction on another
   * connection was faster, it is called again.
   */
  readonly write: (
    tx: DuckdbTransaction,
    rows: readonly Row[],
    context: SinkLoadContext,
  ) => unknown;
  /** One table, instead of a function. */
  readonly table?: undefined;
  /** Several tables, instead of a function. */
  readonly tables?: undefined;
}

const writeOptions: OptionTable<Pick<DuckdbWriteOptions, "write">> = { write: [callable] };
/** Statements that would end the transaction that the mark is part of. */
const ending = /^[\s;]*(begin|start|commit|end|rollback|abort)\b/i;

/** @throws {ConfigurationError} If it is not a function, or there is another option. */
export function checkWriteOptions(
  action: string,
  options: DuckdbWriteOptions,
): DuckdbWriteOptions["write"] {
  return checkOptions(action, options as Pick<DuckdbWriteOptions, "write">, writeOptions).write;
}

/** Writes rows by a function of the user's. */
export class FunctionWriter implements Loader {
  readonly #connection: DuckdbConnection;
  readonly #write: DuckdbWriteOptions["write"];
  readonly #writers = new Map<string, RowWriter>();

  constructor(connection: DuckdbConnection, write: DuckdbWriteOptions["write"]) {
    this.#connection = connection;
    this.#write = write;
  }

  /** Accepts rows; their errors are reported when they are written. */
  check(rows: readonly object[], context: SinkLoadContext): Promise<Checked> {
    const drift: Record<string, number> = {};
    const written = new Written();
    let attempts = 0;
    const write = async () => {
      if (attempts++ > 0) this.#writers.clear(); // What is known of tables was rolled back.
      for (const name of Object.keys(drift)) delete drift[name];
      written.clear();
      const use = new Use(this.#connection, (options) => this.#writerOf(options));
      const result = use.run((tx) => this.#write(tx, rows, context), context, { drift, written });
      await unlessAborted(result, context.signal).finally(() => use.end());
    };
    return Promise.resolve({ drift, written, write });
  }

  /** Notes that a load has failed: tables are looked up again. */
  failed(): Promise<void> {
    this.#writers.clear();
    return Promise.resolve();
  }

  #writerOf(options: DuckdbSinkOptions): RowWriter {
    const settings = checkSinkOptions("insert rows", options);
    const id = JSON.stringify(settings);
    let writer = this.#writers.get(id);
    if (writer === undefined) {
      if (this.#writers.size >= 64) this.#writers.clear(); // Somebody makes names.
      const own = new Writer(this.#connection, settings, (work) => work()); // The turn is ours.
      writer = new RowWriter(this.#connection, own);
      this.#writers.set(id, writer);
    }
    return writer;
  }
}

/** Facts about a load that are reported once it is committed. */
interface Told {
  readonly drift: Record<string, number>;
  readonly written: Written;
}

/** One use of a transaction by the function. */
class Use {
  readonly #connection: DuckdbConnection;
  readonly #writerOf: (options: DuckdbSinkOptions) => RowWriter;
  /** Statements one after the other, as an insert is several ones. */
  #last: Promise<unknown> = Promise.resolve();
  #isOver = false;
  /** Number of statements that have not ended. */
  #open = 0;
  /** Failure of a statement: nothing can be committed then, even if the failure was caught. */
  #failure: { readonly error: unknown } | undefined;

  constructor(
    connection: DuckdbConnection,
    writerOf: (options: DuckdbSinkOptions) => RowWriter,
  ) {
    this.#connection = connection;
    this.#writerOf = writerOf;
  }

  /** Calls the function, and fails if it has left anything unfinished. */
  async run(
    write: (tx: DuckdbTransaction) => unknown,
    context: SinkLoadContext,
    told: Told,
  ): Promise<void> {
    await write({
      insert: (table, rows, options = {}) =>
        this.#use(() => this.#insert({ ...options, table }, rows, context, told)),
      query: (text, values = []) => this.#use(() => this.#query(text, values)),
    });
    this.#isOver = true;
    if (this.#open > 0) this.#failure ??= { error: unawaited() };
    await this.#last;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends the use, once its statements have ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#last;
  }

  #use<T>(work: () => Promise<T>): Promise<T> {
    const own = this.#inTurn(work);
    own.catch(() => {}); // `write` may not wait for it, and the load tells of it.
    return own;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isOver) {
      fail("use a transaction", "tx", "used before 'write' has ended", "a late use");
    }
    const before = this.#last;
    const own = (async () => {
      await before;
      if (this.#isOver) throw unawaited();
      return await work();
    })();
    this.#open++;
    this.#last = own.then(() => {}, (error) => {
      this.#failure ??= { error };
    }).then(() => void this.#open--);
    return await own;
  }

  async #insert(
    options: DuckdbSinkOptions,
    rows: readonly object[],
    context: SinkLoadContext,
    { drift, written }: Told,
  ): Promise<void> {
    const { table } = options;
    const writer = this.#writerOf(options);
    if (rows.length === 0) return;
    let checked: Checked;
    try {
      checked = await writer.check(rows, context);
      await checked.write();
    } catch (error) {
      throw failureIn(error, table);
    }
    addDrift(drift, table, checked.drift);
    checked.written.tell({ wrote: (counts) => written.addAll(counts) });
  }

  async #query(text: string, values: readonly unknown[]): Promise<DuckdbRow[]> {
    if (ending.test(text)) {
      fail("query", "text", "a statement that does not begin or end a transaction", text);
    }
    const result = await this.#connection.run(text, [...values] as never);
    const names = result.columnNames?.() ?? [];
    return (await result.getRows()).map((row) => rowOf(names, row));
  }
}

function unawaited(): Error {
  return new Error("Cannot commit as 'write' must wait for all that it has begun");
}
