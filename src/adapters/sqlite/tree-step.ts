import { BatchError } from "../../errors.ts";
import { inTable, rowError } from "../../sql/row-errors.ts";
import type { TreeStep } from "../../sql/tree-rows.ts";
import type { Written } from "../../sql/written.ts";
import type { SqliteValue } from "./client.ts";
import type { Batch, Group } from "../../sql/sqlite/rows.ts";
import { missingIn } from "./tree-missing.ts";
import { type Stored, storedId, storedOf, type TreePlan } from "./tree-statements.ts";

/** A step that was checked. */
export interface ReadStep {
  /** By the table, the values of the key of each row to delete. */
  readonly deletes: readonly (readonly Stored[])[];
  /** By the table; `0` stands for what the database will make. */
  readonly batches: readonly Batch[];
}

type Properties = Readonly<Record<string, unknown>>;

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
  readonly #handed: readonly (readonly string[])[];
  /** By the table, whether no row lacks what the database is to make. */
  readonly #isFilled: boolean[] = [];

  constructor(plan: TreePlan, step: TreeStep, read: ReadStep, written: Written) {
    this.#written = written;
    this.#plan = plan;
    this.#step = step;
    this.#read = read;
    this.#handed = plan.linked.map(({ children }) => [
      ...new Set(
        children.flatMap((child) => plan.linked[child]!.parent!.on.map(([, column]) => column)),
      ),
    ]);
    this.#needed = plan.linked.map(({ children }, table) => this.#neededOf(table, children));
    this.#made = plan.linked.map(() => new Map());
  }

  /** Deletes first, then writes the rows, within the transaction that is open. */
  run(): void {
    const { linked, tables, statements } = this.#plan;
    this.#read.deletes.forEach((keys, table) => {
      for (const values of keys) {
        statements.remove(table, tables[table]!.identity, values, this.#written);
      }
    });
    const given = this.#step.tables;
    if (linked.every(({ missing }) => missing === undefined)) {
      return linked.forEach((_, table) => this.#insert(table, 0, given[table]!.rows.length));
    }
    const places = [...new Set(given.flatMap(({ places }) => places))].sort((a, b) => a - b);
    this.#writeSpan(places, linked.map(() => 0));
  }

  /** Writes what was given in some places, in halves where it would end otherwise; gives where the rows end. */
  #writeSpan(places: readonly number[], starts: readonly number[]): readonly number[] {
    const { linked, statements } = this.#plan;
    const last = places.at(-1)!;
    const ends = this.#step.tables.map(({ places }, table) => {
      let end = starts[table]!;
      while (places[end]! <= last) end++;
      return end;
    });
    const isOne = places.length < 2;
    const missing = isOne ? undefined : missingIn(this.#plan, { ...this.#step, starts, ends });
    if (!isOne && missing === undefined) {
      const middle = places.length >> 1;
      return this.#writeSpan(
        places.slice(middle),
        this.#writeSpan(places.slice(0, middle), starts),
      );
    }
    linked.forEach((link, table) => {
      const removal = missing?.[table];
      if (removal !== undefined) statements.removeAll(table, removal, this.#written);
      else if (link.missing !== undefined) this.#removeMissing(table, starts, ends);
      this.#insert(table, starts[table]!, ends[table]!);
    });
    return ends;
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
  #insert(table: number, from: number, to: number): void {
    const known = this.#plan.tables[table]!;
    const needed = this.#needed[table]!;
    const write = (start: number, end: number) => {
      if (start >= end) return;
      for (const group of this.#groupsOf(table, start, end)) known.insert(group, this.#written);
    };
    let start = from;
    for (let n = from; needed.size > 0 && n < to; n++) {
      if (!needed.has(n)) continue;
      write(start, n);
      this.#made[table]!.set(n, this.#make(table, n));
      start = n + 1;
    }
    write(start, to);
  }

  /** Rows of a table as they are written; rows that were read before are not read again. */
  #groupsOf(table: number, start: number, end: number): readonly Group[] {
    const { groups } = this.#read.batches[table]!;
    const { rows, parents } = this.#step.tables[table]!;
    const isFilled = this.#isFilled[table] ??= parents.every((n) => n === -1);
    if (isFilled) {
      if (start === 0 && end === rows.length) return groups;
      const [{ columns, values }] = groups as [Group];
      const width = columns.length;
      if (groups.length === 1) {
        return [{ columns, values: values.slice(start * width, end * width) }];
      }
    }
    const filled = Array.from({ length: end - start }, (_, n) => this.#filled(table, start + n));
    return this.#plan.tables[table]!.read(filled).groups;
  }

  /** Writes one row and gives what its children need of it. */
  #make(table: number, n: number): Properties {
    const { tables, statements, linked } = this.#plan;
    const known = tables[table]!;
    const handed = this.#handed[table]!;
    const row = this.#filled(table, n);
    const [group] = known.read([row]).groups;
    const made = known.insertReturning(group!, handed, this.#written);
    let stored = made == null ? undefined : storedOf(made as object, handed.length);
    if (stored === undefined && known.conflictKey.length > 0) { // It is there, and is kept.
      const key = known.conflictKey.map((column) => row[column] as SqliteValue);
      [stored] = statements.finder(table, handed, known.conflictKey)(key);
    }
    if (stored === undefined) {
      const place = this.#step.tables[table]!.places[n]!;
      const reason = "its row is there already, and is not found without a 'key'";
      const error = inTable(rowError(reason, place), linked[table]!.name, place);
      throw new BatchError(new Map([[place, error]]));
    }
    return Object.fromEntries(handed.map((column, m) => [column, stored[m]]));
  }

  /** A row with what the database has made for its parent. */
  #filled(table: number, n: number): Properties {
    const { rows, parents } = this.#step.tables[table]!;
    const parent = parents[n]!;
    if (parent === -1) return rows[n]!;
    const { place, on } = this.#plan.linked[table]!.parent!;
    const values: Record<string, unknown> = { ...rows[n] };
    for (const [column, other] of on) {
      if (values[column] === undefined) values[column] = this.#made[place]!.get(parent)![other];
    }
    return values;
  }

  /** Removes rows of the parents that are written which are not among the rows to write. */
  #removeMissing(table: number, starts: readonly number[], ends: readonly number[]): void {
    const { linked, tables, statements } = this.#plan;
    const { place, on } = linked[table]!.parent!;
    const columns = on.map(([column]) => column);
    const { identity } = tables[table]!;
    const find = identity.length > 0 ? statements.finder(table, identity, columns) : undefined;
    const [from, to] = [starts[table]!, ends[table]!];
    let given: Set<string | number> | undefined;
    let kept: Set<string | number> | undefined;
    for (let n = starts[place]!; n < ends[place]!; n++) {
      const row = this.#made[place]!.get(n) ?? this.#step.tables[place]!.rows[n]!;
      const values = on.map(([, other]) => row[other] as SqliteValue);
      if (values.includes(null)) continue; // Nothing belongs to it.
      if (find === undefined) {
        statements.remove(table, columns, values, this.#written);
        continue;
      }
      for (const stored of find(values)) {
        const id = storedId(stored);
        // What is given just so is there; what is not may be there in other words.
        given ??= new Set(
          this.#keysOf(table, from, to).filter((key) => !key.includes(null)).map(
            storedId,
          ),
        );
        if (given.has(id)) continue;
        kept ??= this.#keptOf(table, from, to);
        if (!kept.has(id)) statements.remove(table, identity, stored, this.#written);
      }
    }
  }

  /** The keys of rows to write. */
  #keysOf(table: number, from: number, to: number): SqliteValue[][] {
    const { identity } = this.#plan.tables[table]!;
    const keys = Array.from({ length: to - from }, (_, n) => {
      const row = this.#filled(table, from + n);
      return identity.map((column) => row[column] as SqliteValue | undefined);
    });
    // What the database will make is not there yet.
    return keys.filter((key): key is SqliteValue[] => !key.includes(undefined));
  }

  /** The keys of rows to write that are there already, as the database has them. */
  #keptOf(table: number, from: number, to: number): Set<string | number> {
    const { tables, statements } = this.#plan;
    const { identity } = tables[table]!;
    const find = statements.finder(table, identity, identity);
    return new Set(this.#keysOf(table, from, to).flatMap((key) => find(key).map(storedId)));
  }
}
