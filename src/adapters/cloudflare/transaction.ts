import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { BatchError } from "../../errors.ts";
import { callable, checkOptions, fail } from "../../options.ts";
import { unlessAborted } from "../../runtime/waiting.ts";
import { inTable } from "../../sql/row-errors.ts";
import { expectedOf, isStorable } from "../../sql/sqlite/values.ts";
import { addDrift } from "../../sql/drift.ts";
import { Written } from "../../sql/written.ts";
import type { Bound, Database, Statement } from "./database.ts";
import { RowWriter } from "./row-writer.ts";
import {
  checkSinkOptions,
  type CloudflareSharedOptions,
  type CloudflareSinkOptions,
} from "./sink-options.ts";
import type { Checked, Loader } from "./tree-writer.ts";

/** Options for writing rows into a table of a transaction, as in a sink of that table. */
export type CloudflareInsertOptions = Pick<
  CloudflareSinkOptions,
  "columns" | "conflict" | "key" | "unknown"
>;

/**
 * Statements that run in one transaction with the mark, in the order in which they were added, once
 * `write` has ended: D1 accepts a transaction only as a whole. It can be used until then.
 */
export interface CloudflareTransaction {
  /**
   * Adds statements that write rows, or delete by tombstones among them, as a sink of the table does.
   * @throws {TypeError} If a row does not fit. The message names the table and the place of the row.
   * @throws {ConfigurationError} If an option is wrong, or the table or a column is missing.
   */
  insert(table: string, rows: readonly object[], options?: CloudflareInsertOptions): Promise<void>;
  /**
   * Adds one statement with a value for each `?`. It returns no rows, as it runs later: read through the
   * binding before, and let the statement check its conditions.
   * @throws {ConfigurationError} If a value cannot be stored unchanged, or is a bigint.
   */
  query(text: string, values?: readonly unknown[]): void;
}

/** Options of a sink whose function decides which statements are written. */
export interface CloudflareWriteOptions<Row extends object = object>
  extends CloudflareSharedOptions {
  /**
   * Adds the statements of a load. All of them run in one transaction with the mark once the function has
   * returned, and its promise, if any, is fulfilled. If it fails, nothing is written, and the error is
   * passed through. It is called again for the same rows if a load is retried.
   */
  readonly write: (
    tx: CloudflareTransaction,
    rows: readonly Row[],
    context: SinkLoadContext,
  ) => unknown;
  /** One table, instead of a function. */
  readonly table?: undefined;
  /** Several tables, instead of a function. */
  readonly tables?: undefined;
}

/** @throws {ConfigurationError} If it is not a function, or there is another option. */
export function checkWriteOptions(
  action: string,
  options: Pick<CloudflareWriteOptions, "write">,
): CloudflareWriteOptions["write"] {
  return checkOptions(action, options, { write: [callable] }).write;
}

/** Statements that would end the transaction that the mark is part of. */
const ending = /^\s*(begin|commit|end|rollback|savepoint|release)\b/i;

/** Facts about a load that are reported once it is committed. */
interface Told {
  readonly drift: Record<string, number>;
  readonly written: Written;
}

/** Writes rows by a function of the user's. */
export class FunctionWriter implements Loader {
  readonly #db: Database;
  readonly #write: CloudflareWriteOptions["write"];
  readonly #maxBytes: number;
  #writers = new Map<string, RowWriter>();

  constructor(db: Database, write: CloudflareWriteOptions["write"], maxBytes: number) {
    this.#db = db;
    this.#write = write;
    this.#maxBytes = maxBytes;
  }

  /** Accepts rows; the function is called when they are written. */
  async check(rows: readonly object[], context: SinkLoadContext): Promise<Checked> {
    const told = { drift: {}, written: new Written() };
    return await Promise.resolve({ ...told, write: () => this.#ask(rows, context, told) });
  }

  async #ask(
    rows: readonly object[],
    context: SinkLoadContext,
    { drift, written }: Told,
  ): Promise<readonly Statement[]> {
    const parts: Promise<readonly Statement[]>[] = [];
    let isOpen = true;
    const use = () => {
      context.signal?.throwIfAborted();
      if (!isOpen) fail("use a transaction", "tx", "used before 'write' has ended", "a late use");
    };
    const tx: CloudflareTransaction = {
      insert: async (table, rows, options = {}) => {
        use();
        const checked = this.#check({ ...options, table }, rows, context);
        const told = checked.then(async ({ drift: added, write, written: own }) => {
          const statements = await write();
          addDrift(drift, table, added);
          const tell = () => own.tell({ wrote: (counts) => written.addAll(counts) });
          return [...statements, ...(statements.length > 0 ? [telling(tell)] : [])];
        });
        parts.push(told);
        await told;
      },
      query: (text, values = []) => {
        use();
        parts.push(Promise.resolve([queryOf(text, values)]));
      },
    };
    try {
      await unlessAborted((async () => await this.#write(tx, rows, context))(), context.signal);
      return (await Promise.all(parts)).flat(); // Also of those that it has not awaited.
    } finally {
      isOpen = false;
      for (const part of parts) part.catch(() => {}); // Whoever has called knows.
    }
  }

  /** Notes that a load has failed: tables are looked up again. */
  async failed(): Promise<void> {
    this.#writers = new Map();
    await Promise.resolve();
  }

  async #check(
    options: CloudflareSinkOptions,
    rows: readonly object[],
    context: SinkLoadContext,
  ): Promise<Checked> {
    const { table } = options;
    try {
      return await this.#writerOf(options).check(rows, context);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      const [[place, failure]] = [...error.failures] as [[number, Error]];
      throw inTable(failure, table, place); // These are no places of what was loaded.
    }
  }

  #writerOf(options: CloudflareSinkOptions): RowWriter {
    const settings = checkSinkOptions("insert rows", options);
    const id = JSON.stringify(settings);
    let writer = this.#writers.get(id);
    if (writer === undefined) {
      if (this.#writers.size >= 64) this.#writers.clear(); // Somebody makes names.
      writer = new RowWriter(this.#db, settings, this.#maxBytes);
      this.#writers.set(id, writer);
    }
    return writer;
  }
}

/** Returns a statement that does nothing, and reports that everything is committed. */
function telling(onDone: () => void): Statement {
  return { sql: "select 1", values: [], onDone };
}

function queryOf(text: string, values: readonly unknown[]): Statement {
  if (ending.test(text)) {
    fail("query", "text", "a statement that does not begin or end a transaction", text);
  }
  values.forEach((value, n) => {
    const path = `values[${n}]`;
    if (!isStorable(value)) fail("query", path, expectedOf(value), value);
    if (typeof value === "bigint") {
      fail("query", path, "a value that D1 takes (give a number, or a string and a cast)", value);
    }
  });
  return { sql: text, values: values as readonly Bound[] };
}
