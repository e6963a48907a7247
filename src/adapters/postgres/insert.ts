import type { Cell, Kind } from "./values.ts";
import type { Column } from "./table/columns.ts";
import { joinBytes } from "./hex.ts";
import { quoteName, quoteNames } from "../../sql/names.ts";
import type { Conflict } from "../../sql/sink-options.ts";
import type { UniqueIndex } from "./table/unique-indexes.ts";

/** Table that rows go into, and the rules for them. */
export interface Target {
  /** The quoted name of the table. */
  readonly table: string;
  /** Action on a row whose key is there. */
  readonly conflict: Conflict;
  /** The columns that identify a row; empty for any unique index. */
  readonly key: readonly string[];
  /** The indexes that decide which keys are equal; none if nobody knows them. */
  readonly indexes: readonly UniqueIndex[];
  /** Keys may be others once they are in the table, as a trigger sees them first. */
  readonly changesKeys: boolean;
}

/** The values of a row by `cellName`. */
export type Cells = Record<string, Cell>;

const cellNames: string[] = []; // Made once: each cell of each row is asked for by its name.

/** Short, as each row repeats it, and never `__proto__`. */
export function cellName(place: number): string {
  return cellNames[place] ??= `c${place}`;
}

/** Type of a column, and the form in which its values are sent. */
export interface SentColumn {
  readonly type: string;
  readonly kind: Pick<Kind, "via">;
}

/** SQL that stands for the rows in a statement. */
export interface Input {
  /** The rows as JSON. */
  readonly json: string;
  /** All bytes of them. */
  readonly bytes: string;
}

/** The input of which the first parameter has this number, counted from 1. */
export function inputAt({ json }: { readonly json: string }, number = 1): Input {
  return { json: json.replace("$1", `$${number}`), bytes: `$${number + 1}::pg_catalog.bytea` };
}

/** No rows, and no parameter. */
export const noRows: Input = { json: "'[]'::pg_catalog.json", bytes: "null::pg_catalog.bytea" };

/** The rows that `rowsParams` has, in SQL: by `cellName`, and by `place` where that is asked for. */
export function rowsSource(
  columns: readonly SentColumn[],
  { json, bytes }: Input,
  place = "",
): string {
  const given = columns.map(({ type, kind }, n) => {
    if (kind.via === "json") return `c${n} ${type}`;
    return kind.via === "text" ? `c${n} text` : `c${n} text, o${n} int, l${n} int`;
  });
  const names = columns.map(({ kind }, n) =>
    kind.via === "bytes" ? `c${n}, o${n}, l${n}` : `c${n}`
  );
  const values = columns.map(({ type, kind }, n) => {
    if (kind.via === "json") return `c${n}`;
    if (kind.via === "text") return `c${n}::${type} as c${n}`;
    const cut = `pg_catalog.substring(${bytes}, o${n}, l${n})`;
    return `case when l${n} is null then c${n}::pg_catalog.bytea else ${cut} end as c${n}`;
  });
  const numbered = place === "" ? "" : "with ordinality";
  return `(select ${values.join(", ")}${place} from rows from
    (pg_catalog.json_to_recordset(${json}) as (${given.join(", ")}))
    ${numbered} as x(${names.join(", ")}${place}))`;
}

/**
 * Returns the parameters of the statement: the rows as JSON, and all bytes of them as one value, if
 * it has any.
 */
export function rowsParams(columns: readonly SentColumn[], rows: readonly Cells[]): unknown[] {
  const places = columns.flatMap(({ kind }, n) => kind.via === "bytes" ? [n] : []);
  if (places.length === 0) return [JSON.stringify(rows)];
  const pieces: Uint8Array[] = [];
  let offset = 1;
  const cut = rows.map((row) => {
    const cells = { ...row };
    for (const n of places) {
      const cell = cells[`c${n}`];
      if (!(cell instanceof Uint8Array)) continue;
      cells[`c${n}`] = null;
      cells[`o${n}`] = offset;
      cells[`l${n}`] = cell.length;
      pieces.push(cell);
      offset += cell.length;
    }
    return cells;
  });
  return [JSON.stringify(cut), joinBytes(pieces)];
}

/** The statement that inserts rows. */
export function insertStatement(
  target: Target,
  columns: readonly Column[],
  input: Input,
): string {
  const { table, conflict, key } = target;
  const names = quoteNames(columns.map(({ name }) => name));
  const cells = columns.map((_, n) => cellName(n)).join(", ");
  // The values of such a column were made before, by its own sequence.
  const overriding = columns.some(({ isAlways }) => isAlways) ? " overriding system value" : "";
  const insert = `insert into ${table} (${names})${overriding} select ${cells}`;
  const source = `${rowsSource(columns, input, key.length === 0 ? "" : ", place")} as r`;
  if (key.length === 0) {
    return `${insert} from ${source}${conflict === "ignore" ? " on conflict do nothing" : ""}`;
  }
  const found = `on conflict (${quoteNames(key)}) do`;
  if (conflict === "ignore") {
    // In the order of the key two batches never wait for each other's rows in a circle. But where it
    // does not have all that are equal side by side, the first of them would not be the first.
    const isKnown = target.indexes.length === 1 && !target.changesKeys;
    const order = isKnown ? orderOf(target, columns) : "place";
    return `${insert} from ${source} order by ${order} ${found} nothing`;
  }
  const sets = setsOf(target, columns);
  const action = sets.length > 0 ? `update set ${sets.join(", ")}` : "nothing";
  return `${insert} from ${lastOfEach(target, columns, source)} ${found} ${action}`;
}

/** A key is replaced too where the index holds it equal to another one: the last one is kept. */
function setsOf({ key, indexes }: Target, columns: readonly Column[]): string[] {
  const isExact = indexes.length > 0 &&
    indexes.every((index) => index.columns.every(({ isExact }) => isExact));
  return columns.filter(({ name }) => !isExact || !key.includes(name))
    .map(({ name }) => `${quoteName(name)} = excluded.${quoteName(name)}`);
}

/** A value of the key as the column will have it: with one that is cut off, the load fails. */
function keyValue(columns: readonly Column[], name: string): string {
  const n = columns.findIndex((column) => column.name === name);
  const { ownType } = columns[n]!;
  return ownType === undefined ? cellName(n) : `${cellName(n)}::${ownType}`;
}

function orderOf({ key, indexes }: Target, columns: readonly Column[], index = indexes[0]): string {
  const by = index === undefined
    ? key.map((name) => keyValue(columns, name))
    : index.columns.map(({ name, collate, less }) =>
      `${keyValue(columns, name)}${collate} using ${less}`
    );
  return [...by, "place"].join(", ");
}

/**
 * Of rows with one key the last, as a statement must not touch a row twice. Which keys are equal,
 * the indexes say: in their order, equal rows are side by side.
 */
function lastOfEach(target: Target, columns: readonly Column[], source: string): string {
  const { indexes } = target;
  const cells = columns.map((_, n) => cellName(n)).join(", ");
  if (indexes.length === 0) {
    return `(select ${cells} from ${source} order by ${orderOf(target, columns)}) as r`;
  }
  const windows = indexes.map((index, i) =>
    `w${i} as (order by ${orderOf(target, columns, index)})`
  );
  const nexts = indexes.flatMap((index, i) => [
    `lead(place) over w${i} as p${i}`,
    ...index.columns.map(({ name }, k) =>
      `lead(${keyValue(columns, name)}) over w${i} as n${i}_${k}`
    ),
  ]);
  const repeats = indexes.map((index, i) => {
    const same = index.columns.map(({ name, collate, equal }, k) => {
      const [value, next] = [keyValue(columns, name), `n${i}_${k}`];
      const isSame = `${value}${collate} ${equal} ${next}${collate}`;
      if (!index.holdsNullsEqual) return isSame;
      return `coalesce(${isSame}, pg_catalog.num_nulls(${value}, ${next}) = 2)`;
    });
    return `(p${i} is not null and ${same.join(" and ")}) is not true`;
  });
  return `(select * from (select ${cells}, place, ${nexts.join(", ")} from ${source}
    window ${windows.join(", ")}) as r where ${repeats.join(" and ")}) as r`;
}
