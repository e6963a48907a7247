import { fail } from "../../options.ts";
import { quoteName, quoteNames } from "../../sql/names.ts";
import { checkKey } from "../../sql/sink-options.ts";
import type { TablePlace } from "./append.ts";
import { type DuckdbConnection, isOfSql, rowsOf } from "./client.ts";
import type { Target } from "./insert.ts";
import { type ColumnFacts, KnownTable } from "./known-table.ts";
import { foldCase } from "./names.ts";
import type { Column } from "./rows.ts";
import type { TableSettings } from "../../sql/tables-options.ts";
import { takeTurns } from "../../runtime/take-turns.ts";
import { kindOf, withoutNull } from "./values.ts";

type DescribedColumn = [
  name: string,
  type: string,
  key: ColumnFacts["key"],
  byDefault: string | null,
];

/** Writes the rows of a sink: its table is looked up for each run, and after each failure. */
export class Writer {
  readonly #connection: DuckdbConnection;
  readonly #settings: TableSettings;
  /** Does what asks the database, in its turn. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  #table: Promise<KnownTable> | undefined;
  #runId: string | undefined; // The one that it was looked up for.

  /** Asks for nothing yet: the table may be made later. */
  constructor(
    connection: DuckdbConnection,
    settings: TableSettings,
    inTurn: Writer["inTurn"] = (work) => takeTurns(connection, work),
  ) {
    this.#connection = connection;
    this.#settings = settings;
    this.inTurn = inTurn;
  }

  /** The name of the table. */
  get name(): string {
    return this.#settings.table;
  }

  /**
   * The table for the rows of a run.
   * @throws {ConfigurationError} If the table, a column or an index is missing, so that no row fits.
   */
  tableFor(runId: string): Promise<KnownTable> {
    if (this.#table !== undefined && this.#runId === runId) return this.#table;
    const table = this.inTurn(() => this.look());
    this.#runId = runId;
    this.#table = table;
    table.catch(() => { // Whoever asked is told.
      if (this.#table === table) this.#table = undefined;
    });
    return table;
  }

  /**
   * Notes that a load has failed; the next one looks the table up again.
   * @throws {ConfigurationError} If the reason is that the table was changed, so that no row fits.
   */
  async failed(error: unknown, runId: string): Promise<void> {
    this.forget();
    if (isOfSql(error)) await this.tableFor(runId);
  }

  /** Looks again for the next load. */
  forget(): void {
    this.#runId = undefined;
  }

  /**
   * Returns the current table, also within a transaction; the caller must have the turn.
   * @throws {ConfigurationError} If the table, a column or an index is missing, so that no row fits.
   */
  async look(): Promise<KnownTable> {
    const { columns: given, unknown } = this.#settings;
    const facts = await this.#facts();
    const usual = facts.filter(({ isGenerated }) => !isGenerated).map(nameOf);
    const folded = given?.map(foldCase);
    // Earlier batches may have added columns.
    const others = folded === undefined || unknown !== "add"
      ? []
      : usual.filter((name) => !folded.includes(foldCase(name)));
    const names = given === undefined ? usual : [...given, ...others];
    const columns = names.map((name) => this.#columnOf(name, facts));
    const open = new Set(others.map(foldCase));
    const fit = { needsAll: given !== undefined, open, unknown };
    const target = this.#targetOf(names, facts);
    const known = { columns, facts: { place: await this.#place(), columns: facts } };
    const table = new KnownTable(this.#connection, target, known, fit);
    await this.#explain(table);
    return table;
  }

  async #facts(): Promise<ColumnFacts[]> {
    const { table } = this.#settings;
    const sql = `select column_name, column_type, "key", "default"
      from (describe ${quoteName(table)})`;
    const rows = await rowsOf(this.#connection, sql).catch((error) => {
      if (!isOfSql(error)) throw error;
      return fail("load rows", "table", "an existing table", table);
    });
    const facts: ColumnFacts[] = [];
    const indexed = await this.#indexed();
    const hasNone = !await this.#hasGenerated(rows.map(([name]) => name as string));
    for (const [name, type, key, byDefault] of rows as DescribedColumn[]) {
      const isGenerated = !hasNone && await this.#hasGenerated([name]);
      const isIndexed = indexed.has(foldCase(name));
      facts.push({ name, type, key, byDefault, isGenerated, isIndexed });
    }
    return facts;
  }

  /** Returns the place of the table; nothing if several have its name. */
  async #place(): Promise<TablePlace | undefined> {
    const sql = `select database_name, schema_name from duckdb_tables()
      where lower(table_name) = lower($1)`;
    const [first, ...others] = await rowsOf(this.#connection, sql, [this.#settings.table]);
    if (first === undefined || others.length > 0) return undefined;
    const [database, schema] = first as [string, string];
    return { database, schema };
  }

  /** The words in the unique indexes of the table: its columns, perhaps within expressions. */
  async #indexed(): Promise<ReadonlySet<string>> {
    const sql = `select expressions from duckdb_indexes()
      where is_unique and lower(table_name) = lower($1)`;
    const rows = await rowsOf(this.#connection, sql, [this.#settings.table]);
    const words = rows.flatMap(([text]) => `${text}`.split(/[^\p{L}\p{N}_$ ]+ ?/u));
    return new Set(words.map(foldCase));
  }

  /** No catalogue reports generated columns, but a statement that writes into one is rejected. */
  async #hasGenerated(columns: readonly string[]): Promise<boolean> {
    const into = `${quoteName(this.#settings.table)} (${quoteNames(columns)})`;
    const nulls = columns.map(() => "null").join(", ");
    try {
      await this.#connection.run(`explain insert into ${into} select ${nulls}`);
      return false;
    } catch (error) {
      return isOfSql(error) && String(error).includes("generated column");
    }
  }

  #columnOf(column: string, facts: readonly ColumnFacts[]): Column {
    const folded = foldCase(column);
    const found = facts.find(({ name }) => foldCase(name) === folded);
    const table = JSON.stringify(this.#settings.table);
    if (found === undefined) {
      return fail("load rows", "columns", `columns of table ${table}`, column);
    }
    if (found.isGenerated) {
      fail("load rows", "columns", `columns that table ${table} does not generate`, column);
    }
    const { type, byDefault } = found;
    const kind = kindOf(type);
    if (!this.#tellsApart(found)) return { name: column, type, kind, isNeeded: false };
    return { name: column, type, kind: withoutNull(kind), isNeeded: byDefault === null };
  }

  /** Of several rows of a statement that have `NULL` there, DuckDB leaves out all but the first. */
  #tellsApart({ name, key, isIndexed }: ColumnFacts): boolean {
    const { conflict, key: given, missing } = this.#settings;
    if (conflict === "error") return false;
    if (missing !== undefined && given === undefined && key !== "PRI") return false;
    if (given !== undefined) return given.some((one) => foldCase(one) === foldCase(name));
    return key === "PRI" || (conflict === "ignore" && (key === "UNI" || isIndexed));
  }

  #targetOf(columns: readonly string[], facts: readonly ColumnFacts[]): Target {
    const { table, conflict, key: given, missing } = this.#settings;
    if (given !== undefined) {
      checkKey("load rows", columns, given, foldCase);
      return { table, conflict, key: given };
    }
    if (conflict !== "replace") return { table, conflict, key: [] };
    const key = facts.filter(({ key }) => key === "PRI").map(nameOf);
    // The rows of a parent are replaced as a whole.
    if (missing !== undefined && key.length === 0) return { table, conflict: "error", key };
    const action = `load into table ${JSON.stringify(table)}`;
    if (key.length === 0) fail(action, "key", "given, as it has no primary key", undefined);
    checkKey(action, columns, key, foldCase);
    return { table, conflict, key };
  }

  async #explain(known: KnownTable): Promise<void> {
    try {
      await known.explain();
    } catch (error) {
      if (!isOfSql(error)) throw error;
      const { table, key } = this.#settings;
      const { message } = error as Error;
      if (key !== undefined && message.includes("conflict target")) {
        const rule = `the columns of a primary key or a unique index of ${JSON.stringify(table)}`;
        fail("load rows", "key", rule, key.join(", "));
      }
      fail("load rows", "table", `one that accepts these columns (${message})`, table);
    }
  }
}

function nameOf({ name }: ColumnFacts): string {
  return name;
}
