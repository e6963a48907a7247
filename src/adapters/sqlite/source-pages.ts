import { ConfigurationError } from "../../errors.ts";
import { fail } from "../../options.ts";
import { quoteName } from "../../sql/names.ts";
import { prepare, type SqliteDatabase, type SqliteValue } from "./client.ts";

/** A row as it is read: an integer that no number can hold is a bigint. */
export type SqliteRow = Record<string, SqliteValue>;

/** A query, ready to be read. */
export interface SqliteQuery {
  readonly db: SqliteDatabase;
  readonly sql: string;
  readonly params: readonly SqliteValue[];
  readonly chunkSize: number;
  /** The key that no row is above of. */
  readonly upTo: SqliteValue | undefined;
}

/** The key that a page begins above. */
interface Position {
  readonly value: SqliteValue;
  /** Form in which it stands in SQL. */
  readonly operand: "?" | "+cast(? as text)";
  /** If true, the type of a column would make another value of it. */
  readonly isForeign: boolean;
  /** If true, it is a text of the user, which a column of numbers reads as a number. */
  readonly isGiven: boolean;
}

const keyColumn = "millrace key"; // Columns of their own, at the end.
const faultColumn = "millrace fault";

/** The position at which reading begins. */
export function lower(
  action: string,
  after: SqliteValue | undefined,
  lag: number | undefined,
): Position | undefined {
  if (after === undefined) return undefined;
  const at = (value: SqliteValue): Position => ({
    ...{ value, operand: "?", isForeign: false, isGiven: typeof value === "string" },
  });
  if (lag === undefined) return at(after);
  if (typeof after === "bigint") return at(after - BigInt(Math.ceil(lag)));
  if (typeof after !== "number") fail(action, "after", "a number, as there is a 'lag'", after);
  return at(after - lag);
}

/**
 * Pages that begin above the last key of the one before. The database says which key is above which:
 * each column has an order of its own, by which different values may be equal.
 */
export function* keyedPages(
  query: SqliteQuery,
  key: string,
  after: Position | undefined,
): Generator<SqliteRow[]> {
  for (let position = after;;) {
    const { rows, faults } = readPage(query, key, position);
    checkFaults(faults, position === undefined || position.isGiven, key);
    const end = Math.min(rows.length, query.chunkSize) - 1;
    if (end < 0) return;
    const next = positionOf(rows[end]![keyColumn]!, faults[end]);
    if (isSame(position?.value, next.value)) throw stuck(key);
    position = next;
    const isLast = rows.length <= query.chunkSize;
    rows.length = end + 1;
    for (const row of rows) {
      delete row[faultColumn]; // From the last one on, which leaves an object fast.
      delete row[keyColumn];
      narrowed(row);
    }
    yield rows;
    if (isLast) return;
  }
}

/** Rows of a page, and the one beyond it. */
interface Page {
  readonly rows: SqliteRow[];
  /** For each row words for what its key is. */
  readonly faults: readonly (SqliteValue | undefined)[];
}

function readPage(query: SqliteQuery, key: string, position: Position | undefined): Page {
  const page = runPage(query, key, position);
  if (position === undefined || position.isForeign || position.isGiven) return page;
  const isNumber = typeof position.value === "bigint" || typeof position.value === "number";
  const hasText = () => page.faults.some((fault) => isMarked(fault, "text"));
  const isEnd = page.rows.length <= query.chunkSize;
  // Columns of a union each have a type, by which one may compare the number as a text.
  const isDoubtful = isMarked(page.faults[0], "order") ||
    isNumber && (hasText() || isEnd && hasTexts(query, key));
  return isDoubtful ? runPage(query, key, { ...position, isForeign: true }) : page;
}

function runPage(
  { db, sql, params, chunkSize, upTo }: SqliteQuery,
  key: string,
  position: Position | undefined,
): Page {
  // Prepared anew, as another connection may change the columns between two pages.
  const statement = prepare(db, pageStatement(sql, key, position, upTo !== undefined));
  const last = position === undefined ? [] : [position.value];
  const end = upTo === undefined ? [] : [upTo];
  const rows = statement.all(...last, ...params, ...last, ...end, chunkSize + 1) as SqliteRow[];
  return { rows, faults: rows.map((row) => row[faultColumn]) };
}

/** Returns true if any key is a text: texts are above all numbers. */
function hasTexts({ db, sql, params }: SqliteQuery, key: string): boolean {
  const statement = `select 1 from (${sql}\n) as page where page.${quoteName(key)} >= '' limit 1`;
  return prepare(db, statement).all(...params).length > 0;
}

function pageStatement(
  sql: string,
  key: string,
  position: Position | undefined,
  hasEnd: boolean,
): string {
  // With a table before it, an unknown name in quotes is an error, and not taken for a text.
  const [column, read] = [`page.${quoteName(key)}`, `read.${quoteName(key)}`];
  // A plus leaves a column its collation, and takes its type: no value is converted.
  const compared = position?.isForeign ? `+${column}` : column;
  const conditions = [
    ...position === undefined ? [] : [`${compared} > ${position.operand}`],
    ...hasEnd ? [`not (${column} > ?)`] : [],
  ];
  const where = conditions.length > 0 ? `where ${conditions.join(" and ")}` : "";
  const before = `lag(${read}${
    position === undefined ? "" : `, 1, ${position.operand}`
  }) over keys`;
  // The bytes of a text, as a client may cut it or replace some of them.
  return `select read.*,
      iif(typeof(${read}) = 'text', cast(${read} as blob), ${read}) as "${keyColumn}",
      iif(${read} is null, ' null', '') || iif(+${read} > ${before}, '', ' order') ||
      iif(${read} = +${read}, '', ' foreign') || iif(typeof(${read}) = 'text', ' text', '')
        as "${faultColumn}"
    from (select page.* from (${sql}\n) as page ${where} order by ${column} limit ?) as read
    window keys as (order by ${read}) order by ${read}`;
}

function positionOf(value: SqliteValue, fault: SqliteValue | undefined): Position {
  return {
    value: isEmpty(value) ? new Uint8Array() : value,
    operand: isMarked(fault, "text") ? "+cast(? as text)" : "?",
    isForeign: isMarked(fault, "foreign"),
    isGiven: false,
  };
}

function isMarked(fault: SqliteValue | undefined, word: string): boolean {
  return typeof fault === "string" && fault.includes(word);
}

/**
 * Rejects a page after which other pages would skip or repeat rows.
 * @throws {ConfigurationError} If a key contains a null, is equal to another one, or is not above the
 *   previous one.
 */
function checkFaults(
  faults: readonly (SqliteValue | undefined)[],
  isFirst: boolean,
  key: string,
): void {
  for (const [place, fault] of faults.entries()) {
    const isLow = isMarked(fault, "order");
    if (isMarked(fault, "null") || (isLow && place > 0)) {
      fail("read pages", "key", "a column of the result, unique and never NULL", key);
    }
    if (!isLow || isFirst) continue; // Nothing is before the first one.
    throw stuck(key);
  }
}

function stuck(key: string): ConfigurationError {
  return new ConfigurationError(
    `Cannot read pages as the key ${key} does not advance: a page would begin at or below the end ` +
      "of the one before",
  );
}

function isSame(a: SqliteValue | undefined, b: SqliteValue): boolean {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return a === b;
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}

/** Returns true for an array without bytes: one that Node 22 has read would be bound as `NULL`. */
function isEmpty(value: SqliteValue | undefined): boolean {
  return value instanceof Uint8Array && value.length === 0;
}

/** The row with numbers in place of the bigints that a number can hold. Integers come as bigints. */
export function narrowed(row: SqliteRow): SqliteRow {
  for (const column in row) {
    const value = row[column];
    if (typeof value === "object" && isEmpty(value)) row[column] = new Uint8Array();
    if (typeof value !== "bigint") continue;
    const number = Number(value);
    if (Number.isSafeInteger(number)) row[column] = number;
  }
  return row;
}
