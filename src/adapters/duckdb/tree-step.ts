import { rowError } from "../../sql/row-errors.ts";
import { batchError, noteAt } from "../../sql/tree-failures.ts";
import type { TreeStep } from "../../sql/tree-rows.ts";
import type { Written } from "../../sql/written.ts";
import type { Values } from "./given-rows.ts";
import type { Batch, Column, Group } from "./rows.ts";
import { hasRepeats } from "./tree-repeats.ts";
import type { TreePlan } from "./tree-statements.ts";

/** A step that was checked. */
export interface ReadStep {
  /** By the table, the keys of the rows to delete. */
  readonly deletes: readonly Values[];
  /** By the table; there is something in place of what the database will make. */
  readonly batches: readonly Batch[];
}

type Properties = Readonly<Record<string, unknown>>;

/** Rows of each table, from one place to another. */
interface Range {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Writes one step. */
export class StepWrite {
  readonly #plan: TreePlan;
  readonly #step: TreeStep;
  readonly #read: ReadStep;
  readonly #written: Written;
  /** By the table, the rows of which others need what the database has, by their places. */
  readonly #needed: readonly ReadonlySet<number>[];
  /** By the table, what the database has of the needed ones, by column. */
  readonly #made: readonly Map<number, Properties>[];
  /** By the table, the columns of it that its children have the values of. */
  readonly #handed: readonly (readonly Column[])[];

  constructor(plan: TreePlan, step: TreeStep, read: ReadStep, written: Written) {
    this.#plan = plan;
    this.#step = step;
    this.#read = read;
    this.#written = written;
    this.#handed = plan.linked.map(({ children }, table) => {
      const names = children.flatMap((child) => plan.linked[child]!.parent!.on.map(([, of]) => of));
      return [...new Set(names)].map((name) => plan.tables[table]!.columnOf(name)!);
    });
    this.#needed = plan.linked.map(({ children }, table) => this.#neededOf(table, children));
    this.#made = plan.linked.map(() => new Map());
  }

  /** Deletes first, then writes the rows, within the transaction that is open. */
  async run(): Promise<void> {
    const { statements } = this.#plan;
    for (let table = this.#read.deletes.length - 1; table >= 0; table--) {
      await statements.removeKeys(table, this.#read.deletes[table]!, this.#written);
    }
    const { tables } = this.#step;
    const ends = tables.map(({ rows }) => rows.length);
    await this.#write({ starts: tables.map(() => 0), ends });
  }

  async #write(range: Range): Promise<void> {
    const { linked } = this.#plan;
    const halves = linked.some(({ missing }) => missing !== undefined)
      ? this.#halvesOf(range)
      : undefined;
    const valuesOf = (table: number, names: readonly string[]) => {
      const columns = names.map((name) => this.#plan.tables[table]!.columnOf(name)!);
      return this.#valuesOf(table, columns, range);
    };
    if (halves !== undefined && await hasRepeats(this.#plan, valuesOf)) {
      for (const half of halves) await this.#write(half);
      return;
    }
    for (const [table, { missing }] of linked.entries()) {
      if (missing !== undefined) await this.#removeMissing(table, range);
      await this.#insert(table, range.starts[table]!, range.ends[table]!);
    }
  }

  /** Splits a group in two; returns nothing if all of it came with one row. */
  #halvesOf({ starts, ends }: Range): Range[] | undefined {
    const given = this.#step.tables;
    const all = new Set(given.flatMap(({ places }, n) => places.slice(starts[n], ends[n])));
    if (all.size < 2) return undefined;
    const middle = [...all].sort((one, other) => one - other)[all.size >> 1]!;
    const cut = given.map(({ places }, table) => {
      const at = places.findIndex((place, n) => n >= starts[table]! && place >= middle);
      return at === -1 || at > ends[table]! ? ends[table]! : at;
    });
    return [{ starts, ends: cut }, { starts: cut, ends }];
  }

  #neededOf(table: number, children: readonly number[]): ReadonlySet<number> {
    const needed = new Set<number>();
    for (const child of children) {
      for (const parent of this.#step.tables[child]!.parents) if (parent !== -1) needed.add(parent);
      const { missing, parent } = this.#plan.linked[child]!;
      if (missing === undefined) continue;
      this.#step.tables[table]!.rows.forEach((row, n) => {
        if (parent!.on.some(([, column]) => row[column] === undefined)) needed.add(n);
      });
    }
    return needed;
  }

  /** Writes rows of a table, in their order. */
  async #insert(table: number, from: number, to: number): Promise<void> {
    if (from >= to) return;
    const known = this.#plan.tables[table]!;
    const needed = [...this.#needed[table]!].filter((n) => n >= from && n < to);
    const isMaking = needed.length > 0 && known.target.conflict === "error";
    if (isMaking) await this.#make(table, needed);
    for (const group of this.#groupsOf(table, from, to)) await known.insert(group, this.#written);
    if (needed.length > 0 && !isMaking) await this.#find(table, needed);
  }

  /** Rows of a table as they are written; rows that were read before are not read again. */
  #groupsOf(table: number, from: number, to: number): readonly Group[] {
    const { rows, parents } = this.#step.tables[table]!;
    const isWhole = from === 0 && to === rows.length && this.#made[table]!.size === 0;
    const { groups } = this.#read.batches[table]!;
    if (isWhole && parents.every((n) => n === -1)) return groups;
    const filled = Array.from({ length: to - from }, (_, n) => this.#filled(table, from + n));
    const read = this.#plan.tables[table]!.read(filled);
    const failures = new Map<number, Error>();
    for (const [n, error] of read.failures) {
      noteAt(this.#plan.linked, failures, table, this.#itemOf(table, from + n), error);
    }
    if (failures.size > 0) throw batchError(failures);
    return read.groups;
  }

  /** Makes, of new rows, what they leave to the table and others need. */
  async #make(table: number, needed: readonly number[]): Promise<void> {
    const { tables, statements } = this.#plan;
    const handed = this.#handed[table]!.flatMap(({ name }) => {
      const facts = tables[table]!.factsOf(name)!;
      return facts.isGenerated ? [] : [{ name, facts }];
    });
    const made = await statements.make(handed.map(({ facts }) => facts), needed.length);
    needed.forEach((n, place) => {
      const row = this.#filled(table, n);
      const values = handed.map(({ name }, m) => [name, row[name] ?? made[place]![m]] as const);
      this.#made[table]!.set(n, Object.fromEntries(values));
    });
  }

  /** Finds, of rows that are written or were there, what others need. */
  async #find(table: number, needed: readonly number[]): Promise<void> {
    const { tables, statements } = this.#plan;
    const known = tables[table]!;
    const { key } = known.target;
    const columns = key.map((name) => known.columnOf(name)!);
    const handed = this.#handed[table]!;
    const rows = needed.map((n) => this.#textsOf(table, columns, n)!);
    const items = needed.map((n) => this.#itemOf(table, n));
    const names = handed.map(({ name }) => name);
    const found = key.length === 0
      ? undefined
      : await statements.find(table, names, { columns, rows, items });
    needed.forEach((n, place) => {
      const values = found?.get(place);
      if (values === undefined) {
        throw this.#refusal(table, n, "the database makes its key, so that it needs a 'key'");
      }
      const made = Object.fromEntries(handed.map(({ name }, m) => [name, values[m]]));
      this.#made[table]!.set(n, made);
    });
  }

  /** A row with what the database has made of it so far, and for its parent. */
  #rowOf(table: number, n: number): Properties {
    const { rows, parents } = this.#step.tables[table]!;
    const own = this.#made[table]!.get(n);
    const parent = parents[n]!;
    if (own === undefined && parent === -1) return rows[n]!;
    const values: Record<string, unknown> = { ...rows[n], ...own };
    if (parent === -1) return values;
    const { place, on } = this.#plan.linked[table]!.parent!;
    for (const [column, other] of on) values[column] ??= this.#made[place]!.get(parent)?.[other];
    return values;
  }

  /** A row as it is written. */
  #filled(table: number, n: number): Properties {
    const row = this.#rowOf(table, n);
    if (this.#step.tables[table]!.parents[n] === -1) return row;
    const open = this.#plan.linked[table]!.parent!.on.find(([column]) => row[column] == null);
    if (open === undefined) return row;
    const quoted = JSON.stringify(open[0]);
    throw this.#refusal(table, n, `the row of its parent has no value for column ${quoted}`);
  }

  #refusal(table: number, n: number, reason: string): Error {
    const place = this.#itemOf(table, n);
    const failures = new Map<number, Error>();
    noteAt(this.#plan.linked, failures, table, place, rowError(reason, place));
    return batchError(failures);
  }

  /** Removes rows of the parents that are written which are not among the rows to write. */
  async #removeMissing(table: number, range: Range): Promise<void> {
    const { linked, tables, statements } = this.#plan;
    const { place, on } = linked[table]!.parent!;
    const known = tables[table]!;
    const others = on.map(([, other]) => tables[place]!.columnOf(other)!);
    const identity = known.identity.map((name) => known.columnOf(name)!);
    const parents = this.#valuesOf(place, others, range, true)!;
    const keys = identity.length === 0 ? undefined : this.#valuesOf(table, identity, range);
    const columns = on.map(([column]) => column);
    await statements.removeMissing(table, { parents, columns, keys }, this.#written);
  }

  /** The texts of rows in columns; `undefined` if one has none, unless that is then null. */
  #valuesOf(
    table: number,
    columns: readonly Column[],
    { starts, ends }: Range,
    isOpen = false,
  ): Values | undefined {
    const values = { columns, rows: [] as (string | null)[][], items: [] as number[] };
    for (let n = starts[table]!; n < ends[table]!; n++) {
      const texts = this.#textsOf(table, columns, n);
      if (texts === undefined && !isOpen) return undefined;
      if (texts === undefined) continue; // Nothing belongs to it.
      values.rows.push(texts);
      values.items.push(this.#itemOf(table, n));
    }
    return values;
  }

  #textsOf(table: number, columns: readonly Column[], n: number): (string | null)[] | undefined {
    const row = this.#rowOf(table, n);
    const texts = columns.map(({ name, kind }) => kind.encode(row[name]));
    return texts.includes(undefined) ? undefined : texts as (string | null)[];
  }

  #itemOf(table: number, n: number): number {
    return this.#step.tables[table]!.places[n]!;
  }
}
