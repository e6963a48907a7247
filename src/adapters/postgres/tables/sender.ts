/**
 * Writes a step of a batch.
 * @module
 */
import { BatchError } from "../../../errors.ts";
import { rowError } from "../../../sql/row-errors.ts";
import type { TableRows } from "../../../sql/tree-rows.ts";
import type { Cell } from "../values.ts";
import type { CountedSession, Session } from "../database.ts";
import { cellName, type Cells } from "../insert.ts";
import type { Column } from "../table/columns.ts";
import type { UniqueIndex } from "../table/unique-indexes.ts";
import { deleteKeys, deleteMissing, type Family } from "./deletes.ts";
import { findValues, makeValues } from "./keys.ts";
import { ofTable } from "./of-table.ts";
import { Outbox, type Texts } from "./outbox.ts";
import { hasRepeats } from "./repeats.ts";
import { columnsOf, halves, type Part, type StepParts, type Values, valuesOf } from "./step.ts";

/** A step that was checked. */
export interface CheckedStep {
  /** The keys to delete of each table, first of all. */
  readonly deletes: readonly (Values | undefined)[];
  readonly given: readonly TableRows[];
  readonly parts: StepParts;
}

/** Facts about the tables besides their columns. */
export interface Catalogue extends Family {
  readonly texts: Texts;
  readonly maxLength: number;
  /** By what each column of a table is filled, by its number. */
  defaultsOf(session: Session, place: number): Promise<ReadonlyMap<string, string | null>>;
  indexesOf(session: Pick<Session, "values">, place: number): Promise<readonly UniqueIndex[]>;
}

/** Values that the database has made of columns, by row. */
type Made = ReadonlyMap<number, readonly Cell[]>;

/** Writes a step, in the transaction of a session. */
export async function sendStep(
  session: CountedSession,
  catalogue: Catalogue,
  step: CheckedStep,
): Promise<void> {
  for (let place = step.deletes.length - 1; place >= 0; place--) {
    const keys = step.deletes[place];
    if (keys === undefined) continue;
    const indexes = await catalogue.indexesOf(session, place);
    await deleteKeys(session, catalogue, place, { keys, index: indexOn(indexes, keys.columns) });
  }
  await sendParts(session, catalogue, step, step.parts);
}

async function sendParts(
  session: CountedSession,
  catalogue: Catalogue,
  step: CheckedStep,
  parts: StepParts,
): Promise<void> {
  const isAlone = catalogue.links.every(({ missing }) => missing === undefined);
  const cut = isAlone ? undefined : halves(parts);
  if (cut !== undefined && await hasRepeats(session, catalogue, parts)) {
    for (const half of cut) await sendParts(session, catalogue, step, half);
  } else await new StepSender(session, catalogue, step).send(parts);
}

/** The index that has exactly these columns. */
function indexOn(
  indexes: readonly UniqueIndex[],
  columns: readonly Column[],
): UniqueIndex | undefined {
  return indexes.find((index) =>
    index.columns.length === columns.length &&
    index.columns.every(({ name }) => columns.some((column) => column.name === name))
  );
}

class StepSender {
  readonly #session: CountedSession;
  readonly #catalogue: Catalogue;
  readonly #step: CheckedStep;
  readonly #made = new Map<number, { readonly columns: readonly Column[]; readonly rows: Made }>();

  constructor(session: CountedSession, catalogue: Catalogue, step: CheckedStep) {
    this.#session = session;
    this.#catalogue = catalogue;
    this.#step = step;
  }

  async send(given: StepParts): Promise<void> {
    const { json, texts, maxLength, links, tables } = this.#catalogue;
    const outbox = new Outbox(this.#session, json, texts, maxLength);
    const written: (readonly Part[])[] = [];
    for (const [place, table] of tables.entries()) {
      let parts = given[place]!.map((part) => this.#fill(place, part));
      if (links[place]!.missing !== undefined) await this.#deleteMissing(place, written, parts);
      const asked = this.#askedOf(place);
      if (asked !== undefined && table.target.conflict === "error") {
        parts = await this.#make(place, parts, asked);
      }
      // Sent alone, as it would be anyway, a table tells which rows it has kept.
      const isAlone = tables.length === 1 && table.target.conflict === "ignore";
      for (const { group } of parts) {
        await (isAlone ? table.send(this.#session, group) : outbox.add(table, group));
      }
      if (asked !== undefined && table.target.conflict !== "error") {
        await outbox.flush();
        await this.#find(place, parts, asked);
      }
      written.push(parts);
    }
    await outbox.flush();
  }

  /** The columns of a table that rows below it wait for. */
  #askedOf(place: number): Column[] | undefined {
    const { links, tables } = this.#catalogue;
    const waiting = links[place]!.children.filter((child) =>
      this.#step.given[child]!.parents.some((row) => row !== -1) ||
      links[child]!.missing !== undefined
    );
    const names = waiting.flatMap((child) => links[child]!.parent!.on.map(([, other]) => other));
    const { known } = tables[place]!.target;
    const columns = [...new Set(columnsOf(known, names))];
    const given = this.#step.parts[place]!;
    const isOpen = given.some(({ group }) =>
      columns.some(({ number }) => !group.columns.some((column) => column.number === number))
    );
    return isOpen ? columns : undefined;
  }

  /** Fills the columns that rows take from their parents with the values that the database generated. */
  #fill(place: number, part: Part): Part {
    const { group: { later, ...group }, rows } = part;
    if (later === undefined || later.length === 0) return part;
    const { links } = this.#catalogue;
    const { parent, name } = links[place]!;
    const made = this.#made.get(parent!.place);
    const others = columnsOf(
      this.#catalogue.tables[parent!.place]!.target.known,
      parent!.on.map(([, other]) => other),
    );
    const own = columnsOf(
      this.#catalogue.tables[place]!.target.known,
      parent!.on.map(([column]) => column),
    );
    const cells = group.cells.map((row, n): Cells => {
      const values = made?.rows.get(this.#step.given[place]!.parents[rows[n]!]!);
      const filled = { ...row };
      for (const [k, column] of later.entries()) {
        const other = others[own.findIndex(({ number }) => number === column.number)]!;
        const value = values?.[made!.columns.indexOf(other)];
        if (value == null) throw this.#withoutKey(name, column.name, group.places[n]!);
        filled[cellName(group.columns.length + k)] = value;
      }
      return filled;
    });
    return { rows, group: { ...group, cells, columns: [...group.columns, ...later] } };
  }

  #withoutKey(name: string, column: string, place: number): BatchError {
    const reason = `the row of its parent has no value for column ${JSON.stringify(column)}`;
    return new BatchError(new Map([[place, ofTable(rowError(reason, place), name, place)]]));
  }

  /** Makes the values that rows leave to the database, and adds them to the rows. */
  async #make(place: number, parts: readonly Part[], asked: readonly Column[]): Promise<Part[]> {
    const defaults = await this.#catalogue.defaultsOf(this.#session, place);
    const made = new Map<number, readonly Cell[]>();
    const all: Part[] = [];
    for (const { group, rows } of parts) {
      const at = asked.map(({ number }) =>
        group.columns.findIndex((column) => column.number === number)
      );
      const open = asked.filter((_, k) => at[k] === -1);
      const values = open.length === 0
        ? []
        : await makeValues(this.#session, defaults, open, rows.length);
      const cells = open.length === 0 ? group.cells : group.cells.map((row, n): Cells => {
        const more = open.map((_, k) =>
          [cellName(group.columns.length + k), values[n]![k]!] as const
        );
        return { ...row, ...Object.fromEntries(more) };
      });
      const columns = [...group.columns, ...open];
      const places = asked.map((column) => cellName(columns.indexOf(column)));
      for (const [n, row] of rows.entries()) {
        made.set(row, places.map((name) => cells[n]![name]!));
      }
      all.push({ rows, group: { ...group, columns, cells } });
    }
    this.#made.set(place, { columns: asked, rows: made });
    return all;
  }

  /** Looks the values up that rows leave to the database, once they are written. */
  async #find(place: number, parts: readonly Part[], asked: readonly Column[]): Promise<void> {
    const { tables, json, links } = this.#catalogue;
    const table = tables[place]!;
    const indexes = await this.#catalogue.indexesOf(this.#session, place);
    const made = new Map<number, readonly Cell[]>();
    for (const part of parts) {
      const { columns } = part.group;
      const { key, known } = table.target;
      const isGiven = (name: string) => columns.some((column) => column.name === name);
      const names = key.length > 0
        ? key
        : indexes.find((index) => index.columns.every(({ name }) => isGiven(name)))?.columns
          .map(({ name }) => name);
      const keys = names && valuesOf([part], columnsOf(known, names));
      if (keys === undefined) {
        throw this.#withoutKey(links[place]!.name, asked[0]!.name, part.group.places[0]!);
      }
      const index = indexOn(indexes, keys.columns);
      const found = await findValues(this.#session, { table, json }, asked, { keys, index });
      for (const [n, values] of found) made.set(part.rows[n]!, values);
    }
    this.#made.set(place, { columns: asked, rows: made });
  }

  async #deleteMissing(
    place: number,
    written: readonly (readonly Part[])[],
    parts: readonly Part[],
  ): Promise<void> {
    const { links, tables } = this.#catalogue;
    const { parent } = links[place]!;
    const { key, known } = tables[place]!.target;
    const others = columnsOf(
      tables[parent!.place]!.target.known,
      parent!.on.map(([, other]) => other),
    );
    const made = this.#made.get(parent!.place);
    const rows = new Map(
      [...made?.rows ?? []].map(([row, values]) =>
        [row, others.map((other) => values[made!.columns.indexOf(other)]!)] as const
      ),
    );
    const above = written[parent!.place]!.filter(({ group }) => group.cells.length > 0);
    const parents = valuesOf(above, others, rows);
    if (parents === undefined) {
      throw this.#withoutKey(links[place]!.name, parent!.on[0]![0], above[0]!.group.places[0]!);
    }
    await deleteMissing(this.#session, this.#catalogue, place, {
      parents,
      columns: columnsOf(known, parent!.on.map(([column]) => column)),
      keys: key.length === 0 ? undefined : valuesOf(parts, columnsOf(known, key)),
    });
  }
}
