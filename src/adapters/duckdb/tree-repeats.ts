/**
 * Detects rows that would end differently if written together than one after the other.
 * @module
 */
import { quoteName } from "../../sql/names.ts";
import { Given, hasValues, type Values } from "./given-rows.ts";
import { foldCase } from "./names.ts";
import type { TreePlan } from "./tree-statements.ts";

/** The values that the rows of a table have in columns; `undefined` if some of them have none. */
export type ValuesOf = (table: number, columns: readonly string[]) => Values | undefined;

/**
 * Returns true if a parent is given twice, so that the later one decides on its children, or if a child
 * moves away from a parent that is also given. The database decides which keys are equal.
 */
export async function hasRepeats(plan: TreePlan, valuesOf: ValuesOf): Promise<boolean> {
  const given = new Given();
  const tests: string[] = [];
  for (const [table, { parent, missing }] of plan.linked.entries()) {
    if (missing === undefined || parent === undefined) continue;
    const { conflict, key } = plan.tables[parent.place]!.target;
    const ids = valuesOf(parent.place, key.length > 0 ? key : parent.on.map(([, other]) => other));
    if (ids === undefined) { // New rows, or nobody can tell before they are written.
      if (conflict === "error") continue;
      return true;
    }
    const source = given.rows(ids);
    if (conflict !== "error") {
      const by = ids.columns.map((_, n) => `p.c${n}`).join(", ");
      tests.push(`exists (select 1 from ${source} as p group by ${by}
        having count(distinct p.item) > 1)`);
    }
    const moves = movesOf(plan, table, { ids, source, valuesOf, given });
    if (moves === "perhaps") return true;
    if (moves !== undefined) tests.push(moves);
  }
  return tests.length > 0 && await plan.statements.holds(tests, given);
}

interface Asked {
  readonly ids: Values;
  readonly source: string;
  readonly valuesOf: ValuesOf;
  readonly given: Given;
}

/** The test whether a child belongs to another parent that is given, too; nothing if none can. */
function movesOf(
  { linked, tables }: TreePlan,
  table: number,
  { ids, source, valuesOf, given }: Asked,
): string | undefined {
  const { name, parent } = linked[table]!;
  const { place, on } = parent!;
  const { identity } = tables[table]!;
  const folded = identity.map(foldCase);
  // With the parent in its key, a child cannot move.
  if (on.every(([column]) => folded.includes(foldCase(column))) || folded.length === 0) {
    return undefined;
  }
  const keys = valuesOf(table, identity);
  if (keys === undefined) return "perhaps";
  if (keys.rows.length === 0) return undefined;
  const joins = on.map(([column, other]) => `t.${quoteName(column)} = u.${quoteName(other)}`);
  const parents = ids.columns.map(({ name }) => name);
  return `exists (select 1 from ${given.rows(keys)} as k
    join ${quoteName(name)} as t on ${hasValues("t", identity, "k")}
    join ${quoteName(linked[place]!.name)} as u on ${joins.join(" and ")}
    join ${source} as p on ${hasValues("u", parents, "p")}
    where p.item <> k.item)`;
}
