import { identityOf } from "../../sql/sqlite/table-shape.ts";
import type { TreeStep } from "../../sql/tree-rows.ts";
import { jsonOf, RowReference } from "./json-rows.ts";
import type { TreePlan } from "./statements.ts";

/** A row. */
export type Properties = Readonly<Record<string, unknown>>;

/** Rows that are written table by table: of each, from which up to which. */
export interface Span {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/**
 * Splits a step into spans that are written table by table. A step is one span, unless a parent
 * comes twice, whose children are those of the last time: there the next span begins.
 * @param filled The rows by table, with references in place of what the database has of parents.
 */
export function spansOf(
  plan: TreePlan,
  { tables }: TreeStep,
  filled: readonly (readonly Properties[])[],
): Span[] {
  let starts: readonly number[] = tables.map(() => 0);
  return [...boundsOf(plan, tables, filled), Infinity].map((bound) => {
    const ends = tables.map(({ places }, table) => {
      let end = starts[table]!;
      while (end < places.length && places[end]! < bound) end++;
      return end;
    });
    const span = { starts, ends };
    starts = ends;
    return span;
  });
}

/** The places at which a parent comes again. */
function boundsOf(
  plan: TreePlan,
  tables: TreeStep["tables"],
  filled: readonly (readonly Properties[])[],
): number[] {
  const owners = new Set(
    plan.linked.flatMap(({ missing, parent }) => missing === undefined ? [] : [parent!.place]),
  );
  const given = new Map<number, string[]>(); // By the place.
  for (const table of owners) {
    const idsOf = identifier(plan, table);
    tables[table]!.places.forEach((place, n) => {
      const ids = idsOf(filled[table]![n]!);
      const others = given.get(place);
      if (others === undefined) given.set(place, ids);
      else others.push(...ids);
    });
  }
  const bounds: number[] = [];
  const seen = new Set<string>();
  for (const [place, ids] of [...given].sort(([one], [other]) => one - other)) {
    if (ids.some((id) => seen.has(id))) {
      bounds.push(place);
      seen.clear();
    }
    for (const id of ids) seen.add(id);
  }
  return bounds;
}

/** Gives what a row is told apart by: its key, and what its children have of it. */
function identifier(plan: TreePlan, table: number): (row: Properties) => string[] {
  const handed = plan.linked[table]!.children
    .flatMap((child) => plan.linked[child]!.parent!.on.map(([, other]) => other));
  const kinds = [identityOf(plan.tables[table]!.shape), handed];
  return (row) =>
    kinds.flatMap((columns, kind) => {
      const values = columns.map((column) => row[column]);
      if (values.length === 0 || !values.every((value) => value != null)) return [];
      return [`${table} ${kind} ${foldedText(values)}`];
    });
}

/** The same for all values that a column may take for equal. */
function foldedText(values: readonly unknown[]): string {
  return values.map((value) => {
    if (value instanceof RowReference) return jsonOf(value);
    const text = `${value}`.trim().toLowerCase();
    // A column of numbers has "1.0" as 1; of larger ones, that would make neighbours the same.
    return text !== "" && Math.abs(Number(text)) < 2 ** 53 ? Number(text) : text;
  }).join("\n");
}
