import { quoteName, quoteNames } from "../../sql/names.ts";
import type { Conflict } from "../../sql/sink-options.ts";
import { foldCase } from "./names.ts";
import type { Column } from "./rows.ts";

/** Table that rows go into, and the rules for them. */
export interface Target {
  /** The name of the table. */
  readonly table: string;
  /** Action on a row whose key is there. */
  readonly conflict: Conflict;
  /** The columns that identify a row; empty for any unique index. */
  readonly key: readonly string[];
}

/** The statement that inserts rows, which are given as JSON: an array of texts for each of them. */
export function insertStatement(target: Target, columns: readonly Column[]): string {
  const { table, conflict, key } = target;
  const into = `${quoteName(table)} (${quoteNames(columns.map(({ name }) => name))})`;
  const cells = columns.map(({ kind, type }, n) => kind.sql(`cells[${n + 1}]`, type));
  const rows = `from (select unnest(given) as cells, generate_subscripts(given, 1) as place
    from (select from_json($1, '[["VARCHAR"]]') as given))`;
  if (conflict === "error") return `insert into ${into} select ${cells.join(", ")} ${rows}`;
  const once = key.length === 0 ? "" : onlyOneOfEach(target, columns);
  return `insert into ${into} select ${cells.join(", ")} ${rows} ${once}
    order by place ${resolutionOf(target, columns)}`;
}

/**
 * Of rows with one key the last, or the first where they are left out: a statement cannot touch a row
 * twice, and would silently take the first.
 */
function onlyOneOfEach({ conflict, key }: Target, columns: readonly Column[]): string {
  const folded = key.map(foldCase);
  const values = columns.flatMap(({ name, kind, type }, n) =>
    folded.includes(foldCase(name)) ? [`(${kind.sql(`cells[${n + 1}]`, type)})::${type}`] : []
  );
  const order = conflict === "replace" ? "desc" : "asc";
  return `qualify row_number() over (partition by ${
    values.join(", ")
  } order by place ${order}) = 1`;
}

function resolutionOf({ conflict, key }: Target, columns: readonly Column[]): string {
  const found = key.length > 0 ? `on conflict (${quoteNames(key)})` : "on conflict";
  if (conflict === "ignore") return `${found} do nothing`;
  const folded = key.map(foldCase);
  const sets = columns.filter(({ name }) => !folded.includes(foldCase(name)))
    .map(({ name }) => `${quoteName(name)} = excluded.${quoteName(name)}`);
  return `${found} do ${sets.length > 0 ? `update set ${sets.join(", ")}` : "nothing"}`;
}
