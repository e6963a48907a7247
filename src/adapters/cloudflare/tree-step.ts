import { rowError, unfitValue } from "../../sql/row-errors.ts";
import type { Where } from "../../sql/sqlite/below.ts";
import type { Group } from "../../sql/sqlite/rows.ts";
import { identityOf, readFor, widened } from "../../sql/sqlite/table-shape.ts";
import { expectedOf, isStorable, type SqliteValue } from "../../sql/sqlite/values.ts";
import { noteAt, wrongKey } from "../../sql/tree-failures.ts";
import type { TreeStep } from "../../sql/tree-rows.ts";
import type { Written } from "../../sql/written.ts";
import { type Statement, statement } from "./database.ts";
import { jsonOf, jsonRows, lotsOf, RowReference } from "./json-rows.ts";
import { type Properties, type Span, spansOf } from "./spans.ts";
import {
  baseSql,
  deletions,
  insertInto,
  isGiven,
  isMissing,
  madeTableSql,
  madeValue,
  plainValue,
  type TreePlan,
  valueFor,
} from "./statements.ts";

/** Collections that reading rows adds to, and its limits. */
export interface ReadInto {
  /** Errors of rows, by the places of the items that they came with. */
  readonly failures: Map<number, Error>;
  /** Names that columns have to be added for, by the table. */
  readonly fresh: readonly Set<string>[];
  readonly drift: Record<string, number>;
  readonly written: Written;
  readonly maxBytes: number;
}

/** Reads one step, and says how it is written. */
export class StepReader {
  readonly #plan: TreePlan;
  readonly #step: TreeStep;
  readonly #into: ReadInto;
  /** By the table, the rows of which others need what the database has, by their places. */
  readonly #needed: readonly ReadonlySet<number>[];
  /** By the table, its rows with references in place of what the database has of their parents. */
  readonly #filled: readonly Properties[][];
  /** By the table, which of its rows get their numbers by the place among them. */
  readonly #made: readonly Set<number>[];

  constructor(plan: TreePlan, step: TreeStep, into: ReadInto) {
    this.#plan = plan;
    this.#step = step;
    this.#into = into;
    this.#needed = plan.linked.map(({ children }) => this.#neededOf(children));
    this.#filled = step.tables.map(({ rows }) => [...rows]);
    this.#made = plan.tables.map(() => new Set());
  }

  /** The statements, in their order: what deletes, then what writes table by table. */
  statements(): Statement[] {
    const deletes = this.#step.deletes.flatMap((given, table) => {
      const keys = given?.keys.flatMap((key, n) => this.#keyOf(table, key, given.places[n]!)) ?? [];
      if (keys.length === 0) return [];
      const { shape } = this.#plan.tables[table]!;
      return lotsOf(keys, this.#into.maxBytes).flatMap(({ json }) =>
        this.#deleting(table, isGiven(this.#plan, table, identityOf(shape)), [json])
      );
    });
    this.#plan.tables.forEach((_, table) => this.#fill(table));
    const writes = spansOf(this.#plan, this.#step, this.#filled).flatMap((span) =>
      this.#writing(span)
    );
    const all = [...deletes, ...writes];
    const needsNumbers = all.some(({ sql }) => sql.includes("millrace_made"));
    return needsNumbers ? [statement(madeTableSql), ...all] : all;
  }

  #keyOf(table: number, key: Properties, place: number): string[] {
    const { shape } = this.#plan.tables[table]!;
    const identity = identityOf(shape);
    let wrong = wrongKey(identity, key, place);
    const unfit = identity.find((column) => !isStorable(key[column]));
    if (wrong === undefined && unfit !== undefined) {
      wrong = unfitValue(key[unfit], unfit, expectedOf(key[unfit]), place);
    }
    if (wrong === undefined) {
      return jsonRows(identity.map((column) => key[column] as SqliteValue), identity.length);
    }
    noteAt(this.#plan.linked, this.#into.failures, table, place, wrong);
    return [];
  }

  #deleting(table: number, where: Where, values: readonly string[]): Statement[] {
    return deletions(this.#plan, table, where).map(({ table, sql }) => ({
      sql,
      values,
      onChanges: (rows) => this.#into.written.add(table, "deleted", rows),
    }));
  }

  #neededOf(children: readonly number[]): ReadonlySet<number> {
    const needed = new Set<number>();
    for (const child of children) {
      for (const parent of this.#step.tables[child]!.parents) if (parent !== -1) needed.add(parent);
    }
    return needed;
  }

  /** Puts references in place of what the database has of parents, and numbers in those that need them. */
  #fill(table: number): void {
    const { parents, places } = this.#step.tables[table]!;
    const { parent } = this.#plan.linked[table]!;
    const rows = this.#filled[table]!;
    parents.forEach((owner, n) => {
      if (owner === -1) return;
      const reference = this.#referenceTo(parent!.place, owner);
      if (reference === undefined) {
        const above = JSON.stringify(this.#plan.linked[parent!.place]!.name);
        const reason = `its row of ${above} is not found without a primary key or a 'key'`;
        const error = rowError(reason, places[n]!);
        return noteAt(this.#plan.linked, this.#into.failures, table, places[n]!, error);
      }
      const values: Record<string, unknown> = { ...rows[n] };
      for (const [column] of parent!.on) values[column] ??= reference;
      rows[n] = values;
    });
    for (const n of this.#needed[table]!) {
      if (this.#keyIn(table, n) !== undefined) continue;
      const { shape: { target }, rowId } = this.#plan.tables[table]!;
      if (target.conflict === "error" && rowId !== undefined) this.#made[table]!.add(n);
    }
  }

  /** Returns a reference by which a row of a table is found once it is written. */
  #referenceTo(table: number, n: number): RowReference | undefined {
    if (this.#made[table]!.has(n)) return new RowReference(n + 1);
    const key = this.#keyIn(table, n);
    return key && new RowReference(key);
  }

  /** The values of the key of a row, if it gives all of them. */
  #keyIn(table: number, n: number): SqliteValue[] | undefined {
    const identity = identityOf(this.#plan.tables[table]!.shape);
    const key = identity.map((column) => this.#filled[table]![n]![column]);
    const isWhole = key.length > 0 && key.every((value) => value !== null && isStorable(value));
    return isWhole ? key as SqliteValue[] : undefined;
  }

  #writing(span: Span): Statement[] {
    return this.#plan.linked.flatMap(({ missing }, table) => [
      ...(missing === undefined ? [] : this.#removing(table, span)),
      ...this.#inserting(table, span),
    ]);
  }

  /** Removes what the parents of a span have, and the span has not. */
  #removing(table: number, { starts, ends }: Span): Statement[] {
    const { place: above, on } = this.#plan.linked[table]!.parent!;
    const owners: string[] = [];
    for (let n = starts[above]!; n < ends[above]!; n++) {
      if (this.#made[above]!.has(n)) continue; // It is new.
      const row = this.#filled[above]![n]!;
      const place = this.#step.tables[above]!.places[n]!;
      const values = on.map(([, other]) => row[other] ?? this.#referenceTo(above, n));
      if (!values.every(isStorable)) continue; // What is wrong with it shows where it is written.
      owners.push(`[${[...values as SqliteValue[], place].map(jsonOf).join()}]`);
    }
    if (owners.length === 0) return [];
    const identity = identityOf(this.#plan.tables[table]!.shape);
    const given: string[] = [];
    for (let n = starts[table]!; identity.length > 0 && n < ends[table]!; n++) {
      const key = this.#keyIn(table, n);
      const place = this.#step.tables[table]!.places[n]!;
      if (key !== undefined) given.push(`[${[...key, place].map(jsonOf).join()}]`);
    }
    const values = [owners, given].slice(0, identity.length > 0 ? 2 : 1);
    const jsons = values.map((rows) => this.#whole(rows));
    return this.#deleting(table, isMissing(this.#plan, table), jsons);
  }

  /** Rows as one parameter: missing rows show only by all of them. */
  #whole(rows: readonly string[]): string {
    const lots = lotsOf(rows, this.#into.maxBytes);
    if (lots.length < 2) return lots[0]?.json ?? "[]";
    throw new RangeError(
      "Cannot load rows as the keys of a batch, by which missing rows are found, have more than " +
        `'maxBytes' (${this.#into.maxBytes}): give a smaller 'batchSize'`,
    );
  }

  #inserting(table: number, { starts, ends }: Span): Statement[] {
    const { linked } = this.#plan;
    const known = this.#plan.tables[table]!;
    const { failures, fresh, drift } = this.#into;
    const made = this.#made[table]!;
    const from = starts[table]!;
    let rows = this.#filled[table]!.slice(from, ends[table]!);
    if (rows.length === 0) return [];
    let { shape } = known;
    if (made.size > 0) {
      const rowId = known.rowId!;
      rows = rows.map((row, n) => made.has(from + n) ? { ...row, [rowId]: from + n + 1 } : row);
      shape = widened(shape, new Set([rowId]));
    }
    const batch = readFor(shape, rows);
    const { places } = this.#step.tables[table]!;
    for (const [n, error] of batch.failures) {
      noteAt(linked, failures, table, places[from + n]!, error);
    }
    for (const name of batch.fresh) fresh[table]!.add(name);
    for (const [property, count] of Object.entries(batch.drift)) {
      const counted = linked.length > 1 ? `${known.name}.${property}` : property;
      drift[counted] = (drift[counted] ?? 0) + count;
    }
    return this.#groups(table, batch.groups);
  }

  /** Rows that give the same columns; those that get their numbers come last, and these are higher. */
  #groups(table: number, groups: readonly Group[]): Statement[] {
    const known = this.#plan.tables[table]!;
    if (this.#made[table]!.size === 0) {
      return groups.flatMap((group) => this.#group(table, group));
    }
    const isMade = ({ columns }: Group) => columns.includes(known.rowId!);
    const others = groups.filter((group) => !isMade(group));
    return [
      ...others.flatMap((group) => this.#group(table, group)),
      statement(baseSql(known)),
      ...groups.filter(isMade).flatMap((group) => this.#group(table, group)),
    ];
  }

  #group(table: number, { columns, values }: Group): Statement[] {
    const known = this.#plan.tables[table]!;
    const { target } = known.shape;
    const isPlain = columns.map(() => true);
    values.forEach((value, n) => {
      if (value instanceof Uint8Array) isPlain[n % columns.length] = false;
    });
    const expressions = columns.map((column, n) => {
      const path = `[${n}]`;
      if (column === known.rowId) return madeValue(known, path);
      return isPlain[n] ? plainValue(path) : valueFor(this.#plan, table, column, path);
    });
    const sql = insertInto(target, columns, expressions);
    const { written, maxBytes } = this.#into;
    const { conflict } = target;
    return lotsOf(jsonRows(values, columns.length), maxBytes).map(({ json, rows }) => {
      if (conflict === "error") {
        const onDone = () => written.add(known.name, "inserted", rows);
        return { sql, values: [json], onDone };
      }
      const kind = conflict === "ignore" ? "inserted" : "written";
      const onChanges = (changes: number) => written.addOf(known.name, kind, rows, changes);
      return { sql, values: [json], onChanges };
    });
  }
}
