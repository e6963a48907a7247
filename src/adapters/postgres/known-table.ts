import { BatchError } from "../../errors.ts";
import { type Column, readTable, readVersion } from "./table/columns.ts";
import type { Written } from "../../sql/written.ts";
import { copyTarget, copyText } from "./copy.ts";
import { type CountedSession, type Database, heeding } from "./database.ts";
import { type Input, inputAt, insertStatement, rowsParams } from "./insert.ts";
import { remember } from "./remember.ts";
import { type Batch, type Group, readRows } from "./rows.ts";
import type { SinkSettings } from "./sink-options.ts";
import { sqlStateOf } from "./sql-state.ts";
import { checkStatement, type KnownTarget, readTarget } from "./table/target.ts";

const none: ReadonlySet<string> = new Set();

/** A table as it was when it was looked up, and the statements for it. */
export class KnownTable {
  readonly target: KnownTarget;
  readonly input: Input;
  readonly #database: Database;
  readonly #options: SinkSettings;
  readonly #isAsking: boolean;
  readonly #checks = new Map<string, (signal?: AbortSignal) => Promise<void>>();

  /** @param isAsking The database is asked about each new statement before it is sent. */
  constructor(database: Database, options: SinkSettings, target: KnownTarget, isAsking = true) {
    this.#isAsking = isAsking;
    this.target = target;
    this.input = inputAt(database);
    this.#database = database;
    this.#options = options;
  }

  /**
   * Looks a table up.
   * @throws {ConfigurationError} If rows cannot be loaded into it as it is, whatever is in them.
   */
  static async read(
    database: Database,
    options: SinkSettings,
    signal: AbortSignal,
  ): Promise<KnownTable> {
    const target = await readGrown(heeding(database, signal), options);
    const table = new KnownTable(database, options, target);
    if (options.columns !== undefined) await table.#check(target.known.columns, signal);
    return table;
  }

  /** The table as a transaction sees it that has changed it. */
  async within(seen: Database): Promise<KnownTable> {
    const target = await readGrown(seen, this.#options);
    return new KnownTable(seen, this.#options, target, false);
  }

  /** If true, it gets columns for properties that have none. */
  get isGrowing(): boolean {
    return this.#options.unknown === "add";
  }

  /** Returns true if the table has not changed. */
  async isCurrent(signal: AbortSignal): Promise<boolean> {
    const { table, known } = this.target;
    return await readVersion(heeding(this.#database, signal), table) === known.version;
  }

  /**
   * Returns true if a load lacked a right that does not depend on rows, such as that of a sequence.
   */
  lacksRight(error: unknown): boolean {
    const { hasTrigger, hasRowSecurity } = this.target.known;
    return sqlStateOf(error) === "42501" && !hasTrigger && !hasRowSecurity;
  }

  /**
   * Reads a batch for it, and reports the errors of its rows.
   * @param open Columns that rows may leave out, whatever they have to give else.
   * @throws {ConfigurationError} If the database refuses what would be sent, whatever is in the rows.
   */
  async look(
    rows: readonly unknown[],
    signal?: AbortSignal,
    open: ReadonlySet<string> = none,
  ): Promise<Batch> {
    const { key, table, known: { columns } } = this.target;
    const { columns: given, unknown, conflict } = this.#options;
    const isGiven = (name: string) =>
      given !== undefined && (unknown !== "add" || given.includes(name));
    const needs = (name: string) => (isGiven(name) || key.includes(name)) && !open.has(name);
    const isOrdered = conflict !== "error";
    const mayBeEmpty = open.size > 0;
    const reading = { table, columns, needs, unknown, isOrdered, mayBeEmpty };
    const batch = readRows(reading, rows);
    const later = columns.filter(({ name }) => open.has(name));
    for (const { columns: given } of batch.groups) {
      const all = later.length === 0 ? given : [...new Set([...given, ...later])];
      await this.#check(all, signal);
    }
    return batch;
  }

  /** Has the database check the statement for some columns; asks once. */
  #check(columns: readonly Column[], signal: AbortSignal | undefined): Promise<void> {
    if (!this.#isAsking) return Promise.resolve();
    const key = columns.map(({ number }) => number).join();
    let check = this.#checks.get(key);
    if (check === undefined) {
      check = remember((stop) =>
        checkStatement(heeding(this.#database, stop), this.target, columns)
      );
      this.#checks.set(key, check);
    }
    return check(signal);
  }

  /** Method by which rows are sent. */
  get method(): "insert" | "copy" {
    return this.#options.method;
  }

  /** Sends rows that give the same columns. */
  send(session: CountedSession, group: Group): Promise<void> {
    return this.prepare(group)(session);
  }

  /**
   * Makes what is sent of rows that give the same columns, and gives what sends it, which does not
   * hold the rows.
   * @throws {BatchError} If there is one row, and it is too long for any text.
   */
  prepare(group: Group): (session: CountedSession) => Promise<void> {
    const { columns, cells } = group;
    return this.method === "copy"
      ? this.#copying(columns, cells.length, orOfRow(group, () => copyText(columns, cells)))
      : this.#inserting(columns, cells.length, this.paramsOf(group));
  }

  #copying(columns: readonly Column[], rows: number, pieces: Iterable<string>) {
    const { table, known: { isPlain } } = this.target;
    return async (session: CountedSession): Promise<void> => {
      await session.copy!(copyTarget(table, columns), pieces);
      if (isPlain) session.written.add(this.#options.table, "inserted", rows);
    };
  }

  #inserting(columns: readonly Column[], rows: number, params: readonly unknown[]) {
    const text = insertStatement(this.target, columns, this.input);
    return async (session: CountedSession): Promise<void> =>
      this.count(session.written, rows, await session.run(text, params));
  }

  /** Adds what has become of rows, of which the database has taken so many, where it tells. */
  count(written: Written, rows: number, taken: number | undefined): void {
    const { conflict, known: { isPlain } } = this.target;
    const name = this.#options.table;
    // Of a row that a trigger has left out, nobody knows why it was not taken.
    if (!isPlain) written.add(name, conflict === "replace" ? "written" : "inserted", taken);
    else if (conflict === "ignore") written.addOf(name, "inserted", rows, taken);
    else written.add(name, conflict === "replace" ? "written" : "inserted", rows);
  }

  /**
   * Returns the parameters of the statement for rows.
   * @throws {BatchError} If there is one row, and it is too long for any text.
   */
  paramsOf(group: Group): unknown[] {
    return orOfRow(group, () => rowsParams(group.columns, group.cells));
  }
}

/** A table, beside whose given columns there may be some that earlier batches have added. */
async function readGrown(database: Database, options: SinkSettings): Promise<KnownTarget> {
  const { columns: given, unknown } = options;
  const target = await readTarget(database, options);
  if (given === undefined || unknown !== "add") return target;
  const asked = { table: target.table, columns: undefined, types: {} };
  const { columns } = await readTable(database, asked);
  const numbers = new Set(target.known.columns.map(({ number }) => number));
  const others = columns.filter(({ number }) => !numbers.has(number));
  if (others.length === 0) return target;
  return await readTarget(database, {
    ...options,
    columns: [...given, ...others.map(({ name }) => name)],
  });
}

function orOfRow<T>({ cells, places }: Group, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError) || cells.length > 1) throw error;
    throw new BatchError(new Map([[places[0]!, error]])); // No string is that long.
  }
}
