/**
 * Several tables that are written in one commit, as they were when they were looked up.
 * @module
 */
import { BatchError } from "../../../errors.ts";
import { fail } from "../../../options.ts";
import type { LinkedTable } from "../../../sql/linked-tables.ts";
import { type TableRows, takeApart, type TreeStep } from "../../../sql/tree-rows.ts";
import type { CheckedBatch, Destination } from "../destination.ts";
import type { Database, Session } from "../database.ts";
import { KnownTable } from "../known-table.ts";
import { keptName } from "../names.ts";
import { type Group, partsOf } from "../rows.ts";
import type { TablesSettings } from "../sink-options.ts";
import { badRows } from "../table/bad-rows.ts";
import { Outbox, type Texts } from "./outbox.ts";
import { ofTable } from "./of-table.ts";

/** Rows of one table that give the same columns, with their places among all of the table. */
interface Part {
  readonly group: Group;
  readonly rows: readonly number[];
}

type Failures = Map<number, Error>;

/** Several tables to send batches to. */
export class KnownTables implements Destination {
  readonly #database: Database;
  readonly #links: readonly LinkedTable[];
  readonly #tables: readonly KnownTable[];
  readonly #maxLength: number;
  readonly #texts: Texts = new Map();

  private constructor(
    database: Database,
    links: readonly LinkedTable[],
    tables: readonly KnownTable[],
    maxLength: number,
  ) {
    this.#database = database;
    this.#links = links;
    this.#tables = tables;
    this.#maxLength = maxLength;
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
    const parts: Part[][][] = [];
    for (const step of steps) parts.push(await this.#readStep(step, { failures, drift, signal }));
    if (failures.size > 0) throw batchError(failures);
    return {
      drift,
      send: async (session) => {
        for (const [n] of steps.entries()) await this.#send(session, parts[n]!);
      },
      lacksRight: (error) => this.#tables.find((table) => table.lacksRight(error))?.target.table,
      badRows: (database) => this.#badRows(database, parts),
    };
  }

  async #readStep(step: TreeStep, told: Told): Promise<Part[][]> {
    const parts: Part[][] = [];
    for (const [n, given] of step.tables.entries()) {
      parts.push(given.rows.length === 0 ? [] : await this.#readTable(n, given, told));
    }
    return parts;
  }

  async #readTable(
    n: number,
    given: TableRows,
    { failures, drift, signal }: Told,
  ): Promise<Part[]> {
    const { rows, places } = given;
    const batch = await this.#tables[n]!.look(rows, signal);
    for (const [name, count] of Object.entries(batch.drift)) {
      drift[name] = (drift[name] ?? 0) + count;
    }
    for (const [row, error] of batch.failures) {
      const place = places[row]!;
      if (!failures.has(place)) failures.set(place, ofTable(error, this.#links[n]!.name, place));
    }
    return batch.groups.flatMap((group) => partsOf(group, this.#maxLength)).map((group) => ({
      group: { ...group, places: group.places.map((row) => places[row]!) },
      rows: group.places,
    }));
  }

  async #send(session: Session, parts: readonly (readonly Part[])[]): Promise<void> {
    const outbox = new Outbox(session, this.#database.json, this.#texts, this.#maxLength);
    for (const [n, table] of this.#tables.entries()) {
      for (const { group } of parts[n]!) await outbox.add(table, group);
    }
    await outbox.flush();
  }

  async #badRows(database: Database, steps: readonly Part[][][]): Promise<Failures> {
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

function batchError(failures: Failures): BatchError {
  return new BatchError(sorted(failures));
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
