import { BatchError } from "../../errors.ts";
import { isRow } from "../../resilience/mark.ts";
import { unfit } from "./cells.ts";
import type { Column } from "./column-types.ts";
import { quoteName } from "./names.ts";

/** What is done with a row whose key is in the table. */
export type Conflict = "error" | "ignore" | "replace";

/** Where rows go. */
export interface Target {
  /** The quoted name of the table. */
  readonly table: string;
  /** The columns that are loaded, in their order. */
  readonly columns: readonly Column[];
  /** What is done with a row whose key is there. */
  readonly conflict: Conflict;
  /** The columns that tell rows apart; none for any unique index. */
  readonly key: readonly string[];
  /** The parameter of the statement, as the client has to be told. */
  readonly json: string;
}

/** The statement that inserts a whole batch, which is bound as one JSON. */
export function insertStatement({ table, columns, conflict, key, json }: Target): string {
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  const cells = columns.map((_, place) => cellName(place)).join(", ");
  const types = columns.map(({ type }, place) => `${cellName(place)} ${type}`).join(", ");
  const rows = `pg_catalog.json_to_recordset(${json}) as x(${types})`;
  const insert = `insert into ${table} (${names}) select ${cells}`;
  if (key.length === 0) {
    return `${insert} from ${rows}${conflict === "ignore" ? " on conflict do nothing" : ""}`;
  }
  const placeOf = (name: string) => columns.findIndex((column) => column.name === name);
  const keys = key.map((name) => cellName(placeOf(name))).join(", ");
  const others = columns.map(({ name }) => name).filter((name) => !key.includes(name));
  const sets = others.map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`);
  const isReplace = conflict === "replace" && sets.length > 0;
  const action = isReplace ? `update set ${sets.join(", ")}` : "nothing";
  // In the order of the key two batches never wait for each other's rows in a circle. Of rows with
  // one key the last is taken, or the first: one statement must not touch a row twice.
  const place = conflict === "replace" ? "place desc" : "place";
  return `${insert} from (select distinct on (${keys}) * from
    rows from (pg_catalog.json_to_recordset(${json}) as (${types}))
    with ordinality as x(${cells}, place) order by ${keys}, ${place}) as rows
    on conflict (${key.map(quoteName).join(", ")}) do ${action}`;
}

/** Short, as each row repeats it, and never `__proto__`. */
export function cellName(place: number): string {
  return `c${place}`;
}

/**
 * A batch as the statement takes it.
 * @throws {BatchError} If a value would not arrive as it is: names its row and column.
 */
export function rowsText(columns: readonly Column[], rows: readonly unknown[]): string {
  return JSON.stringify(cellsOf(columns, rows));
}

/**
 * The values of each row as JSON has them, by `cellName`.
 * @throws {BatchError} If a value would not arrive as it is: names its row and column.
 */
export function cellsOf(
  columns: readonly Column[],
  rows: readonly unknown[],
): Record<string, unknown>[] {
  const failures = new Map<number, Error>();
  const cellNames = columns.map((_, place) => cellName(place));
  const all = rows.map((row, index) => {
    const cells: Record<string, unknown> = {};
    for (let place = 0; place < columns.length; place++) {
      const { name, kind } = columns[place]!;
      const value: unknown = (row as Record<string, unknown> | null | undefined)?.[name];
      const cell = value === null ? null : kind.encode(value);
      if (cell === unfit && !failures.has(index)) {
        failures.set(index, refusal(row, index, name, kind, value));
      }
      cells[cellNames[place]!] = cell;
    }
    return cells;
  });
  if (failures.size > 0) throw new BatchError(failures);
  return all;
}

function refusal(
  row: unknown,
  index: number,
  name: string,
  { words }: Column["kind"],
  value: unknown,
): Error {
  if (!isRow(row)) {
    return new TypeError(
      `Cannot load row ${index} as it must be an object with the property ` +
        `${JSON.stringify(name)}: current value is ${inWords(row)}`,
    );
  }
  return new TypeError(
    `Cannot load row ${index} as column ${JSON.stringify(name)} must be ${words}, ` +
      `or null for no value: current value is ${inWords(value)}`,
  );
}

function inWords(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object";
}
