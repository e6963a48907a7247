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
import type { CheckedBatch, Destination } from "../destination.ts";
import { type Database, heeding } from "../database.ts";
import { KnownTable } from "../known-table.ts";
import { keptName } from "../names.ts";
import { partsOf, readRows } from "../rows.ts";
import type { TablesSettings } from "../sink-options.ts";
import { badRows } from "../table/bad-rows.ts";
import { readUniqueIndexes, type UniqueIndex } from "../table/unique-indexes.ts";
import { readDefaults } from "./keys.ts";
import { ofTable } from "./of-table.ts";
import { type Catalogue, type CheckedStep, sendStep } from "./sender.ts";
import { columnsOf, type Part, type StepParts, type Values } from "./step.ts";

type Failures = Map<number, Error>;

/** Several tables to send batches to. */
export class KnownTables implements Destination {
  readonly #database: Database;
  readonly #catalogue: Catalogue;

  /** Takes tables that hang together as their links say. */
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
    const known: KnownTable[] = [];
    for (const options of tables) known.push(await KnownTable.read(database, options, signal));
    links.forEach((link, place) => checkLink(link, known[place]!, known));
    return new KnownTables(database, links, known, maxLength);
  }

  /** Whether all of them are still what they were. */
  async isCurrent(signal: AbortSignal): Promise<boolean> {
    for (const table of this.#tables) if (!await table.isCurrent(signal)) return false;
    return true;
  }

  /** Checks a batch, and tells all that is wrong with it at once. */
  async read(rows: readonly object[], signal?: AbortSignal): Promise<CheckedBatch> {
    const { steps, failures } = takeApart(this.#links, rows);
    const drift: Record<string, number> = Object.create(null);
    const checked: CheckedStep[] = [];
    for (const step of steps) checked.push(await this.#readStep(step, { failures, drift, signal }));
    if (failures.size > 0) throw new BatchError(sorted(failures));
    return {
      drift,
      send: async (session) => {
        for (const step of checked) await sendStep(session, this.#catalogue, step);
      },
      lacksRight: (error) => this.#tables.find((table) => table.lacksRight(error))?.target.table,
      badRows: (database) => this.#badRows(database, checked.map(({ parts }) => parts)),
    };
  }

  get #tables(): readonly KnownTable[] {
    return this.#catalogue.tables;
  }

  async #readStep(step: TreeStep, told: Told): Promise<CheckedStep> {
    const parts: Part[][] = [];
    for (const [n, given] of step.tables.entries()) {
      parts.push(given.rows.length === 0 ? [] : await this.#readTable(n, given, told));
    }
    const deletes: (Values | undefined)[] = [];
    for (const [n, keys] of step.deletes.entries()) {
      deletes.push(keys && await this.#readKeys(n, keys, told));
    }
    return { deletes, given: step.tables, parts };
  }

  /** Reads the keys of what is to be deleted. */
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
    const refuse = (row: number, error: Error) => {
      const place = places[row]!;
      if (!failures.has(place)) failures.set(place, ofTable(error, this.#links[n]!.name, place));
    };
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

  async #readTable(
    n: number,
    given: TableRows,
    { failures, drift, signal }: Told,
  ): Promise<Part[]> {
    const { rows, places, parents } = given;
    const { parent } = this.#links[n]!;
    const table = this.#tables[n]!;
    const hasOpen = parent !== undefined && parents.some((row) => row !== -1);
    const on = hasOpen ? columnsOf(table.target.known, parent.on.map(([column]) => column)) : [];
    const batch = await table.look(rows, signal, new Set(on.map(({ name }) => name)));
    for (const [name, count] of Object.entries(batch.drift)) {
      drift[name] = (drift[name] ?? 0) + count;
    }
    for (const [row, error] of batch.failures) {
      const place = places[row]!;
      if (!failures.has(place)) failures.set(place, ofTable(error, this.#links[n]!.name, place));
    }
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
        if (!failures.has(place)) failures.set(place, ofTable(error, this.#links[n]!.name, place));
      }
    }
    return sorted(failures);
  }
}

/** What is told while rows are read. */
interface Told {
  readonly failures: Failures;
  readonly drift: Record<string, number>;
  readonly signal: AbortSignal | undefined;
}

function sorted(failures: Failures): Failures {
  return new Map([...failures].sort(([one], [other]) => one - other));
}

/** What was looked up once. */
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
  const above = tables[parent.place]!.target.known;
  const option = `tables.${name}.parent.on`;
  for (const [column, other] of parent.on) {
    const has = (names: readonly { readonly name: string }[], wanted: string) =>
      names.some(({ name }) => keptName(name) === keptName(wanted));
    if (!has(table.target.known.columns, column)) {
      fail("load rows", option, `columns of ${table.target.table} that are loaded`, column);
    }
    if (!has(above.every, other)) fail("load rows", option, `of columns of ${above.name}`, other);
  }
}
