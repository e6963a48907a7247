/**
 * Finds the rows that made a batch fail, by asking the database without loading them.
 * @module
 */
import type { Cell } from "../values.ts";
import type { Database } from "../database.ts";
import { cellName, type Cells, rowsParams, rowsSource } from "../insert.ts";
import type { KnownTable } from "../known-table.ts";
import { quoteName } from "../../../sql/names.ts";
import { quoteText } from "../names.ts";
import type { Group } from "../rows.ts";

/** Errors by the place of the row in its batch. */
type Failures = Map<number, Error>;

/** Finds the rows that the table would reject individually; rows that cannot be checked are left out. */
export async function badRows(
  database: Database,
  table: KnownTable,
  groups: readonly Group[],
): Promise<Failures> {
  const failures: Failures = new Map();
  for (const group of groups) {
    if (!table.target.known.hasTrigger) findMissing(table, group, failures);
    if (table.target.known.asksInput) await findInvalid(database, group, failures);
    else findTooLong(group, failures);
  }
  await findUnchecked(database, table, groups, failures);
  return new Map([...failures].sort(([one], [other]) => one - other));
}

function failure(message: string, code: string, column: string | undefined, place: number): Error {
  const where = column === undefined ? "" : ` as column ${JSON.stringify(column)} refuses it`;
  return Object.assign(new Error(`Cannot load row${where}: ${message} (row ${place})`), { code });
}

/** A `null` in a column that requires a value. */
function findMissing({ target }: KnownTable, group: Group, failures: Failures): void {
  const message = (name: string) =>
    `null value in column ${quoteName(name)} of ${target.table} violates not-null constraint`;
  const given = new Set([...group.columns, ...group.later ?? []]);
  const left = target.known.columns.find((column) =>
    column.isNotNull && !column.hasDefault && !given.has(column)
  );
  group.cells.forEach((cells, n) => {
    const at = group.columns.findIndex(({ isNotNull }, n) =>
      isNotNull && cells[cellName(n)] === null
    );
    const column = group.columns[at] ?? left;
    if (column === undefined) return;
    const place = group.places[n]!;
    failures.set(place, failure(message(column.name), "23502", column.name, place));
  });
}

/** Checks only the length, which is all that older servers report; trailing blanks do not count. */
function findTooLong({ columns, cells, places }: Group, failures: Failures): void {
  cells.forEach((row, n) => {
    const place = places[n]!;
    const column = columns.find(({ maxLength, ownType }, n) => {
      const cell = row[cellName(n)];
      if (maxLength === undefined || typeof cell !== "string" || ownType !== undefined) {
        return false;
      }
      return cell.length > maxLength && [...cell.replace(/ +$/, "")].length > maxLength;
    });
    if (column === undefined || failures.has(place)) return;
    const message = `value too long for type ${column.type}`;
    failures.set(place, failure(message, "22001", column.name, place));
  });
}

/** Types that take any text. */
const anyText = new Set(["text", "character varying", "name"]);

/** Values that their type does not take; each is asked about once, in how many rows it may be. */
async function findInvalid(database: Database, group: Group, failures: Failures): Promise<void> {
  const { columns, places } = group;
  const asked = textsOf(group);
  if (asked.length === 0) return;
  const types = [...new Set(asked.map(({ n }) => n))].map((n) =>
    `when ${n} then ${quoteText(columns[n]!.type.trim())}`
  );
  const query = `select place::text, e.message, e.sql_error_code
    from (select t, type, place, pg_catalog.pg_input_is_valid(t, type) as ok
      from (select t, place, case n ${types.join(" ")} end as type from rows from
        (pg_catalog.json_to_recordset(${database.json}) as (n int, t text))
        with ordinality as x(n, t, place) offset 0) as named offset 0) as asked
    cross join lateral pg_catalog.pg_input_error_info(t, type) as e
    where not ok order by place`;
  const json = JSON.stringify(asked.map(({ n, t }) => ({ n, t })));
  for (const [place, message, code] of await orNothing(database.values(query, [json]))) {
    const { n, rows } = asked[Number(place) - 1]!;
    for (const row of rows) {
      const place = places[row]!;
      if (failures.has(place)) continue;
      failures.set(place, failure(String(message), String(code), columns[n]!.name, place));
    }
  }
}

/** A text that a column is to take. */
interface Asked {
  /** The place of the column. */
  readonly n: number;
  readonly t: string;
  /** The rows that have it. */
  readonly rows: number[];
}

/** Returns the texts to ask the database about, column by column. */
function textsOf({ columns, cells }: Group): Asked[] {
  const all: Asked[] = [];
  columns.forEach(({ type, kind }, n) => {
    if (anyText.has(type)) return;
    const name = cellName(n);
    const byText = new Map<string, Asked>();
    cells.forEach((row, place) => {
      const cell: Cell = row[name]!;
      if (isValid(cell, type)) return;
      const t = kind.write(cell);
      const known = byText.get(t);
      if (known !== undefined) return void known.rows.push(place);
      const asked = { n, t, rows: [place] };
      byText.set(t, asked);
      all.push(asked);
    });
  });
  return all;
}

/** Returns true if a cell need not be asked about, as any column of that type accepts it. */
function isValid(cell: Cell, type: string): boolean {
  if (cell === null || typeof cell === "boolean" || cell instanceof Uint8Array) return true;
  if (typeof cell !== "number") return false;
  const isFloat = type === "double precision" || type === "numeric";
  return isFloat || type === "integer" && Object.is(cell, cell | 0) ||
    type === "bigint" && Number.isSafeInteger(cell);
}

/** A type, or a constraint, that can only be asked by loading the row: it is found by halving. */
function orNothing(
  asked: Promise<readonly (readonly unknown[])[]>,
): Promise<readonly (readonly unknown[])[]> {
  return asked.catch(() => []);
}

/** Finds the rows that violate a check, of those whose values are all there and valid. */
async function findUnchecked(
  database: Database,
  table: KnownTable,
  groups: readonly Group[],
  failures: Failures,
): Promise<void> {
  const { known, table: name } = table.target;
  if (known.hasTrigger) return; // It may put right what it is given.
  for (const { columns, cells, places } of groups) {
    const numbers = new Set(columns.map(({ number }) => number));
    const askable = known.checks.filter((check) =>
      check.numbers.length > 0 && check.numbers.every((number) => numbers.has(number))
    );
    if (askable.length === 0) continue;
    const rest = places.flatMap((place, n) => failures.has(place) ? [] : [n]);
    if (rest.length === 0) continue;
    const values = columns.map(({ name, ownType }, n) =>
      `${cellName(n)}${ownType === undefined ? "" : `::${ownType}`} as ${quoteName(name)}`
    );
    const tests = askable.map(({ condition }, n) => `when not (${condition}) then ${n}`);
    const place = quoteName(`millrace place ${columns.length}`); // No column has this name.
    const query = `select ${place}::text, (case ${tests.join(" ")} end)::text
      from (select ${values.join(", ")}, place as ${place}
        from ${rowsSource(columns, table.input, ", place")} as r) as rows
      where case ${tests.join(" ")} end is not null`;
    const params = rowsParams(columns, rest.map((n): Cells => cells[n]!));
    for (const [row, n] of await orNothing(database.values(query, params))) {
      const place = places[rest[Number(row) - 1]!]!;
      const message = `new row for ${name} violates check constraint ${
        quoteName(askable[Number(n)]!.name)
      }`;
      failures.set(place, failure(message, "23514", undefined, place));
    }
  }
}
