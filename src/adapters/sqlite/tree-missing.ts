import type { TableRows } from "../../sql/tree-rows.ts";
import type { SqliteValue } from "./client.ts";
import { foldedId, type Stored, storedId, type TreePlan } from "./tree-statements.ts";

/** Rows of a step that were given one after the other: of each table, from which up to which. */
export interface Span {
  readonly tables: readonly TableRows[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Rows to remove from one table before its rows are written. */
export interface Removal {
  /** The columns that the rows are found by. */
  readonly by: readonly string[];
  readonly values: readonly Stored[];
}

/**
 * Finds the rows that are missing in a span, by the table, before any of it is written.
 * @returns Nothing where what was given one after the other might end otherwise if it is written
 * table by table: a parent comes twice, or a row moves.
 */
export function missingIn(plan: TreePlan, span: Span): (Removal | undefined)[] | undefined {
  const removals: (Removal | undefined)[] = [];
  for (const [table, { missing }] of plan.linked.entries()) {
    if (missing === undefined) {
      removals.push(undefined);
      continue;
    }
    const removal = new TableLook(plan, span, table).removal();
    if (removal === undefined) return undefined;
    removals.push(removal);
  }
  return removals;
}

/** Looks for missing rows of one table. */
class TableLook {
  readonly #plan: TreePlan;
  readonly #span: Span;
  readonly #table: number;

  constructor(plan: TreePlan, span: Span, table: number) {
    this.#plan = plan;
    this.#span = span;
    this.#table = table;
  }

  removal(): Removal | undefined {
    const { linked, tables, statements } = this.#plan;
    const { children, parent } = linked[this.#table]!;
    const by = parent!.on.map(([column]) => column);
    const owners = this.#owners();
    if (owners === undefined) return undefined;
    const parents = [...owners.values()].map(({ values }) => values);
    const { identity } = tables[this.#table]!;
    if (identity.length === 0) {
      return children.length === 0 ? { by, values: parents } : undefined;
    }
    const width = identity.length;
    const given = this.#givenIn(this.#table);
    const missing: Stored[] = [];
    for (const stored of statements.findAll(this.#table, [...identity, ...by], by, parents)) {
      const key = stored.slice(0, width);
      const place = given.get(storedId(key));
      if (place === undefined) missing.push(key);
      else if (place !== owners.get(foldedId(stored.slice(width)))?.place) return undefined;
    }
    if (missing.length > 0 && this.#isGivenAmong(this.#table, missing)) return undefined;
    return { by: identity, values: missing };
  }

  /** The parents in the span, each with what it was given in, by what their rows are found by. */
  #owners(): Map<string | number, { readonly values: Stored; readonly place: number }> | undefined {
    const { linked, tables } = this.#plan;
    const { place: above, on } = linked[this.#table]!.parent!;
    const { identity } = tables[above]!;
    const seen = new Set<string | number>();
    const owners = new Map<string | number, { values: Stored; place: number }>();
    for (let n = this.#span.starts[above]!; n < this.#span.ends[above]!; n++) {
      const row = this.#span.tables[above]!.rows[n]!;
      const values = on.map(([, other]) => row[other] as SqliteValue);
      const key = identity.map((column) => row[column] as SqliteValue);
      if (values.includes(undefined!)) return undefined; // The database makes it.
      const ids = [foldedId(values), foldedId(key)];
      if (owners.has(ids[0]!) || seen.has(ids[1]!)) return undefined;
      if (identity.length > 0 && !key.includes(undefined!)) seen.add(ids[1]!);
      const place = this.#span.tables[above]!.places[n]!;
      if (!values.includes(null)) owners.set(ids[0]!, { values, place }); // Nothing belongs to null.
    }
    return owners;
  }

  /**
   * Returns true if the span has any of these rows, by their folded keys, or of those that belong
   * to them.
   */
  #isGivenAmong(table: number, keys: readonly Stored[]): boolean {
    const { linked, tables, statements } = this.#plan;
    const given = this.#givenIn(table, foldedId);
    if (keys.some((key) => given.has(foldedId(key)))) return true;
    return linked[table]!.children.some((child) => {
      const { on } = linked[child]!.parent!;
      const own = statements.findAll(
        table,
        on.map(([, other]) => other),
        tables[table]!.identity,
        keys,
      );
      const { identity } = tables[child]!;
      const by = on.map(([column]) => column);
      if (identity.length === 0) return linked[child]!.children.length > 0;
      const below = statements.findAll(child, identity, by, own);
      return below.length > 0 && this.#isGivenAmong(child, below);
    });
  }

  /** The keys of the rows of a table in the span, each with what it was given in. */
  #givenIn(table: number, idOf = storedId): Map<string | number, number> {
    const { starts, ends, tables } = this.#span;
    const { identity } = this.#plan.tables[table]!;
    const given = new Map<string | number, number>();
    for (let n = starts[table]!; n < ends[table]!; n++) {
      const { rows, places } = tables[table]!;
      const key = identity.map((column) => rows[n]![column] as SqliteValue);
      if (key.every((value) => value != null)) given.set(idOf(key), places[n]!);
    }
    return given;
  }
}
