/**
 * Several tables that are written in one commit, as they were when they were looked up.
 * @module
 */
import { BatchError } from "../../../errors.ts";
import { fail } from "../../../options.ts";
import type { LinkedTable } from "../../../sql/linked-tables.ts";
import { rowError } from "../../../sql/row-errors.ts";
import {
  type TableKeys,
  type TableRows,
  takeApart,
  type TreeStep,
} from "../../../sql/tree-rows.ts";
import { addingStatement } from "../add-columns.ts";
import type { CheckedBatch, Destination } from "../destination.ts";
import { type CountedSession, type Database, heeding, type Session } from "../database.ts";
import { KnownTable } from "../known-table.ts";
import { keptName, quoteText } from "../names.ts";
import { type Batch, partsOf, readRows } from "../rows.ts";
import type { SinkSettings, TablesSettings } from "../sink-options.ts";
import type { Column } from "../table/columns.ts";
import { badRows } from "../table/bad-rows.ts";
import { readUniqueIndexes, type UniqueIndex } from "../table/unique-indexes.ts";
import { readDefaults } from "./keys.ts";
import { ofTable } from "./of-table.ts";
import { type Catalogue, type CheckedStep, sendStep } from "./sender.ts";
import { sideBySide } from "./side-by-side.ts";
import { columnsOf, type Part, type StepParts, type Values } from "./step.ts";

type Failures = Map<number, Error>;

/** Statements that add columns, each with the place of its table. */
type Growth = readonly (readonly [place: number, statement: string])[];

/** First number of the advisory locks of this adapter; the second is that of a table. */
const lockClass = 0x6d696c6c;

/** Several tables to send batches to. */
export class KnownTables implements Destination {
  readonly #database: Database;
  readonly #catalogue: Catalogue;

  /** Stores tables with their links. */
  constructor(
    database: Database,
    links: readonly LinkedTable[],
    tables: readonly KnownTable[],
    maxLength: number,
  ) {
    const defaults = new Map<number, ReadonlyMap<string, string | null>>();
    const indexes = new Map<number, readonly UniqueIndex[]>();
    const nameOf = (place: number) => tables[place]!.target.table;
    this.#catalogue = {
      ...{ links, tables, json: database.json, texts: new Map(), maxLength },
      defaultsOf: (session, place) =>
        known(defaults, place, () => readDefaults(session, nameOf(place))),
      indexesOf: (session, place) =>
        known(indexes, place, () => readUniqueIndexes(session, nameOf(place))),
    };
    this.#database = database;
  }

  /** @throws {ConfigurationError} If rows cannot be loaded into one of them, whatever is in them. */
  static async lookUp(
    database: Database,
    { tables, links }: TablesSettings,
    maxLength: number,
    signal: AbortSignal,
  ): Promise<KnownTables> {
    const read = (options: SinkSettings) => KnownTable.read(database, options, signal);
    const known = await sideBySide(tables, read);
    links.forEach((link, place) => checkLink(link, known[place]!, known));
    return new KnownTables(database, links, known, maxLength);
  }

  /** Returns true if none of them has changed. */
  async isCurrent(signal: AbortSignal): Promise<boolean> {
    const current = await sideBySide(this.#tables, (table) => table.isCurrent(signal));
    return current.every(Boolean);
  }

  /** Checks a batch, and reports all its errors at once. */
  async read(rows: readonly object[], signal?: AbortSignal): Promise<CheckedBatch> {
    const { steps, failures } = takeApart(this.#links, rows);
    const told = this.#toldOf(failures, signal);
    const checked = await this.#readSteps(steps, told);
    const growth = this.#growthOf(steps, told);
    if (failures.size > 0) throw new BatchError(sorted(failures));
    return {
      drift: told.drift,
      isGrowing: growth.length > 0,
      send: async (session) => {
        await this.#lock(session, growth.length > 0);
        if (growth.length > 0) await this.#sendGrowing(session, growth, steps);
        else for (const step of checked) await sendStep(session, this.#catalogue, step);
      },
      lacksRight: (error) => this.#tables.find((table) => table.lacksRight(error))?.target.table,
      badRows: (database) => this.#badRows(database, checked.map(({ parts }) => parts)),
    };
  }

  #toldOf(failures: Failures, signal: AbortSignal | undefined): Told {
    const fresh = this.#tables.map(() => new Set<string>());
    return { failures, drift: Object.create(null), fresh, signal };
  }

  /** Returns the statements that add the columns that rows need, by the place of the table. */
  #growthOf(steps: readonly TreeStep[], { fresh, failures }: Told): Growth {
    return fresh.flatMap((names, n) => {
      if (names.size === 0) return [];
      const given = steps.map(({ tables }) => tables[n]!);
      const places = given.flatMap(({ places }) => places);
      const rows = given.flatMap(({ rows }) => rows);
      const refuse = (error: Error, row: number) => this.#note(failures, n, places[row]!, error);
      return [[n, addingStatement(this.#tables[n]!.target, names, rows, refuse)] as const];
    });
  }

  /**
   * Waits until a batch that adds columns is alone: tables that grow together could otherwise wait for
   * each other's locks.
   */
  async #lock(session: Session, isGrowing: boolean): Promise<void> {
    if (this.#tables.length === 1 || !this.#tables.some((table) => table.isGrowing)) return;
    const table = quoteText(this.#tables[0]!.target.table);
    const lock = `pg_catalog.pg_advisory_xact_lock${isGrowing ? "" : "_shared"}`;
    await session.values(`select ${lock}(${lockClass}, ${table}::regclass::oid::int)`);
  }

  /** Adds columns, looks at the tables again, and sends a batch, all in one transaction. */
  async #sendGrowing(
    session: CountedSession,
    growth: Growth,
    steps: readonly TreeStep[],
  ): Promise<void> {
    for (const [, statement] of growth) await session.values(statement);
    const seen: Database = { ...this.#database, ...session, transaction: (work) => work(session) };
    const tables: KnownTable[] = [];
    for (const table of this.#tables) tables.push(await table.within(seen));
    const grown = new KnownTables(seen, this.#links, tables, this.#catalogue.maxLength);
    const told = grown.#toldOf(new Map(), undefined);
    const checked = await grown.#readSteps(steps, told);
    if (told.failures.size > 0) throw new BatchError(sorted(told.failures));
    for (const step of checked) await sendStep(session, grown.#catalogue, step);
  }

  /** Notes the error of a row of a table, by the place of the item that it was given in. */
  #note(failures: Failures, n: number, place: number, error: Error): void {
    if (failures.has(place)) return;
    const name = this.#links.length > 1 ? this.#links[n]!.name : undefined;
    failures.set(place, ofTable(error, name, place));
  }

  get #tables(): readonly KnownTable[] {
    return this.#catalogue.tables;
  }

  async #readSteps(steps: readonly TreeStep[], told: Told): Promise<CheckedStep[]> {
    const checked: CheckedStep[] = [];
    for (const step of steps) checked.push(await this.#readStep(step, told));
    return checked;
  }

  async #readStep(step: TreeStep, told: Told): Promise<CheckedStep> {
    const looked = await sideBySide(step.tables, (given, n) => this.#look(n, given, told));
    const parts = looked.map((batch, n) => this.#partsOf(n, batch, step.tables[n]!, told));
    const deletes: (Values | undefined)[] = [];
    for (const [n, keys] of step.deletes.entries()) {
      deletes.push(keys && await this.#readKeys(n, keys, told));
    }
    return { deletes, given: step.tables, parts };
  }

  /** Reads the keys of the rows to delete. */
  async #readKeys(
    n: number,
    { keys, places }: TableKeys,
    { failures, signal }: Told,
  ): Promise<Values> {
    const { target } = this.#tables[n]!;
    const indexes = await this.#catalogue.indexesOf(heeding(this.#database, signal), n);
    const primary = indexes.find(({ isPrimary }) => isPrimary)?.columns.map(({ name }) => name);
    const names = target.key.length > 0 ? target.key : primary;
    if (names === undefined) {
      fail("delete rows", "key", `given, as ${target.table} has no primary key`, undefined);
    }
    const columns = columnsOf(target.known, names);
    const { groups, failures: refused } = readRows({
      ...{ table: target.table, columns, needs: () => true, unknown: "error", isOrdered: true },
    }, keys);
    const words = names.map((name) => JSON.stringify(name)).join(", ");
    const isKey = (key: object) =>
      Object.keys(key).length === names.length &&
      names.every((name) => Object.hasOwn(key, name));
    const refuse = (row: number, error: Error) => this.#note(failures, n, places[row]!, error);
    keys.forEach((key, row) => {
      const reason = `a tombstone must have exactly the key (${words})`;
      if (!isKey(key)) refuse(row, rowError(reason, row));
    });
    for (const [row, error] of refused) refuse(row, error);
    const cells = groups.flatMap(({ cells }) => cells);
    const rows = groups.flatMap(({ places }) => places);
    return { columns, cells, places: rows.map((row) => places[row]!) };
  }

  get #links(): readonly LinkedTable[] {
    return this.#catalogue.links;
  }

  /** Columns of a table that its rows get from those of its parent, once the database has made these. */
  #openOf(n: number, { parents }: TableRows): Column[] {
    const { parent } = this.#links[n]!;
    if (parent === undefined || parents.every((row) => row === -1)) return [];
    return columnsOf(this.#tables[n]!.target.known, parent.on.map(([column]) => column));
  }

  /** Reads the rows of a table; returns nothing if it has none. */
  async #look(n: number, given: TableRows, { signal }: Told): Promise<Batch | undefined> {
    if (given.rows.length === 0) return undefined;
    const open = new Set(this.#openOf(n, given).map(({ name }) => name));
    return await this.#tables[n]!.look(given.rows, signal, open);
  }

  #partsOf(
    n: number,
    batch: Batch | undefined,
    given: TableRows,
    { failures, drift, fresh }: Told,
  ): Part[] {
    if (batch === undefined) return [];
    const { places } = given;
    const on = this.#openOf(n, given);
    for (const [property, count] of Object.entries(batch.drift)) {
      const name = this.#links.length > 1 ? `${this.#links[n]!.name}.${property}` : property;
      drift[name] = (drift[name] ?? 0) + count;
    }
    for (const name of batch.fresh) fresh[n]!.add(name);
    for (const [row, error] of batch.failures) this.#note(failures, n, places[row]!, error);
    return batch.groups.flatMap((group) => partsOf(group, this.#catalogue.maxLength))
      .map(({ columns, cells, places: rows }) => {
        const later = on.filter((column) => !columns.includes(column));
        return { rows, group: { columns, cells, places: rows.map((row) => places[row]!), later } };
      });
  }

  async #badRows(database: Database, steps: readonly StepParts[]): Promise<Failures> {
    const failures: Failures = new Map();
    for (const [n, table] of this.#tables.entries()) {
      const groups = steps.flatMap((parts) => parts[n]!.map(({ group }) => group));
      for (const [place, error] of await badRows(database, table, groups)) {
        this.#note(failures, n, place, error);
      }
    }
    return sorted(failures);
  }
}

/** Findings that are collected while rows are read. */
interface Told {
  readonly failures: Failures;
  readonly drift: Record<string, number>;
  /** By the place of the table, properties that it needs a column for. */
  readonly fresh: readonly Set<string>[];
  readonly signal: AbortSignal | undefined;
}

function sorted(failures: Failures): Failures {
  return new Map([...failures].sort(([one], [other]) => one - other));
}

/** Returns the value of a place, which is looked up only once. */
async function known<T>(found: Map<number, T>, place: number, look: () => Promise<T>): Promise<T> {
  const value = found.get(place) ?? await look();
  found.set(place, value);
  return value;
}

/** @throws {ConfigurationError} If a column by which a table hangs on its parent is missing. */
function checkLink(
  { name, parent }: LinkedTable,
  table: KnownTable,
  tables: readonly KnownTable[],
): void {
  if (parent === undefined) return;
  const above = tables[parent.place]!.target;
  const option = `tables.${name}.parent.on`;
  for (const [column, other] of parent.on) {
    const has = (names: readonly { readonly name: string }[], wanted: string) =>
      names.some(({ name }) => keptName(name) === keptName(wanted));
    if (!has(table.target.known.columns, column)) {
      fail("load rows", option, `columns of ${table.target.table} that are loaded`, column);
    }
    if (!has(above.known.every, other)) {
      fail("load rows", option, `columns of ${above.table}`, other);
    }
  }
}
