/**
 * Detects rows that would end differently if written together than one after the other.
 * @module
 */
import { quoteName } from "../../../sql/names.ts";
import type { Session } from "../database.ts";
import { cellName } from "../insert.ts";
import { keptName } from "../names.ts";
import type { KnownTable } from "../known-table.ts";
import { Bound, hasValues } from "./bound.ts";
import type { Family } from "./deletes.ts";
import { columnsOf, type Part, type StepParts, type Values, valuesOf } from "./step.ts";

/**
 * Returns true if a parent is given twice, so that the later one decides on its children, or if a child
 * moves away from a parent that is also given. The database decides which keys are equal.
 */
export async function hasRepeats(
  session: Session,
  family: Family,
  parts: StepParts,
): Promise<boolean> {
  const bound = new Bound(family.json);
  const tests: string[] = [];
  for (const [place, { parent, missing }] of family.links.entries()) {
    if (missing === undefined || parent === undefined) continue;
    if (countOf(parts[parent.place]!) < 2) continue;
    const ids = idsOf(family.tables[parent.place]!, parts[parent.place]!, parent.on);
    if (ids === undefined) return true; // Nobody can tell before they are written.
    tests.push(...testsOf(family, place, { ids, parts, bound }));
  }
  if (tests.length === 0) return false;
  const [row] = await session.values(`select (${tests.join(" or ")})::text`, bound.params);
  return row?.[0] === "true";
}

/** Counts the distinct places of rows in the batch. */
function countOf(parts: readonly Part[]): number {
  return new Set(parts.flatMap(({ group }) => group.places)).size;
}

type Pairs = readonly (readonly [string, string])[];

/** Returns the values that identify the rows of a parent. */
function idsOf({ target }: KnownTable, parts: readonly Part[], on: Pairs): Values | undefined {
  const names = target.key.length > 0 ? target.key : on.map(([, other]) => other);
  return valuesOf(parts, columnsOf(target.known, names));
}

interface Asked {
  readonly ids: Values;
  readonly parts: StepParts;
  readonly bound: Bound;
}

function testsOf({ links, tables }: Family, place: number, { ids, parts, bound }: Asked): string[] {
  const { place: above, on } = links[place]!.parent!;
  const [table, parent] = [tables[place]!, tables[above]!];
  const [index] = parent.target.indexes;
  const tests: string[] = [];
  const of = cellName(ids.columns.length);
  if (parent.target.conflict !== "error") {
    const by = ids.columns.map(({ name, ownType }, n) => {
      const type = ownType === undefined ? "" : `::${ownType}`;
      const collate = index?.columns.find((column) => column.name === name)?.collate ?? "";
      return `p.${cellName(n)}${type}${collate}`;
    });
    tests.push(`exists (select from ${bound.rows(ids)} as p group by ${by.join(", ")}
      having count(distinct p.${of}) > 1)`);
  }
  const { key, known } = table.target;
  const names = key.map(keptName);
  // With the parent in its key, a child cannot move.
  if (key.length === 0 || on.every(([column]) => names.includes(keptName(column)))) return tests;
  const keys = valuesOf(parts[place]!, columnsOf(known, key));
  if (keys === undefined) return ["true"];
  if (keys.cells.length === 0) return tests;
  const joins = on.map(([column, other]) => `t.${quoteName(column)} = u.${quoteName(other)}`);
  tests.push(`exists (select from ${bound.rows(keys)} as k
    join ${table.target.table} as t on ${
    hasValues("t", keys.columns, "k", table.target.indexes[0])
  } join ${parent.target.table} as u on ${joins.join(" and ")}
    join ${bound.rows(ids)} as p on ${hasValues("u", ids.columns, "p", index)}
    where p.${of} <> k.${cellName(keys.columns.length)})`);
  return tests;
}
