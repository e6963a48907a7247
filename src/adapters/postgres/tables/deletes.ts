/**
 * Deletes rows together with all that belongs to them.
 * @module
 */
import type { LinkedTable } from "../../../sql/linked-tables.ts";
import { quoteName } from "../../../sql/names.ts";
import type { CountedSession } from "../database.ts";
import type { KnownTable } from "../known-table.ts";
import type { Column } from "../table/columns.ts";
import type { UniqueIndex } from "../table/unique-indexes.ts";
import { Bound, hasValues } from "./bound.ts";
import type { Values } from "./step.ts";

/** Tables, and how they hang together. */
export interface Family {
  readonly links: readonly LinkedTable[];
  readonly tables: readonly KnownTable[];
  /** SQL that binds JSON as the first parameter. */
  readonly json: string;
}

/** SQL that selects rows of a table: `from` for the lookup, and the condition on them as `t0`. */
type Which = (bound: Bound) => { readonly from: string; readonly where: string };

/** Deletes rows by their keys. */
export async function deleteKeys(
  session: CountedSession,
  family: Family,
  place: number,
  { keys, index }: { readonly keys: Values; readonly index: UniqueIndex | undefined },
): Promise<void> {
  await deleteRows(session, family, place, (bound) => ({
    from: `${bound.rows(keys)} as k`,
    where: hasValues("t0", keys.columns, "k", index),
  }));
}

/** Keys given for a table whose missing rows are deleted. */
export interface GivenChildren {
  /** Values that identify their parents, in `columns` of the child. */
  readonly parents: Values;
  readonly columns: readonly Column[];
  /** The keys of all that are given; `undefined` where nothing tells them. */
  readonly keys: Values | undefined;
}

/** Deletes the rows of parents that are not among those that are given. */
export async function deleteMissing(
  session: CountedSession,
  family: Family,
  place: number,
  { parents, columns, keys }: GivenChildren,
): Promise<void> {
  if (parents.cells.length === 0) return;
  const index = family.tables[place]!.target.indexes[0];
  await deleteRows(session, family, place, (bound) => {
    const isOfParent = hasValues("t0", columns.map(withoutType), "p");
    const isGiven = keys !== undefined && keys.cells.length > 0
      ? ` and not exists (select from ${bound.rows(keys)} as k where ${
        hasValues("t0", keys.columns, "k", index)
      })`
      : "";
    const where = `exists (select from ${bound.rows(parents)} as p where ${isOfParent})${isGiven}`;
    return { from: "", where };
  });
}

/** The values are of the parent's column: they are of the type of that one. */
const withoutType = (column: Column): Column => ({ ...column, ownType: undefined });

/** Deletes rows of a table, after all rows that belong to them at any depth. */
async function deleteRows(
  session: CountedSession,
  { links, tables, json }: Family,
  place: number,
  which: Which,
): Promise<void> {
  for (const path of pathsBelow(links, [place])) {
    const bound = new Bound(json);
    const { from, where } = which(bound);
    const last = path.length - 1;
    const using = path.slice(0, -1).map((n, k) => `${tables[n]!.target.table} as t${k}`);
    const joins = path.slice(1).flatMap((n, k) =>
      links[n]!.parent!.on.map(([column, other]) =>
        `t${k + 1}.${quoteName(column)} = t${k}.${quoteName(other)}`
      )
    );
    const sources = [...using, from].filter((text) => text !== "").join(", ");
    const text = `delete from ${tables[path[last]!]!.target.table} as t${last}
      ${sources === "" ? "" : `using ${sources}`} where ${[...joins, where].join(" and ")}`;
    session.written.add(links[path[last]!]!.name, "deleted", await session.run(text, bound.params));
  }
}

/** The ways from a table to all that are below it, the deepest first, and at last its own. */
function* pathsBelow(links: readonly LinkedTable[], path: readonly number[]): Iterable<number[]> {
  for (const child of links[path.at(-1)!]!.children) yield* pathsBelow(links, [...path, child]);
  yield [...path];
}
