import type { Row } from "../database.ts";
import { quoteName } from "../../../sql/names.ts";
import { quoteText } from "../names.ts";
import { boundKey, firstOf, isAbove, type Key } from "./key.ts";
import { aliasesOf, type Layout, markOf, settings } from "./layout.ts";
import type { Query, View } from "./query.ts";
import { fieldsOf, readAs } from "./rows.ts";

/** A page as it was read: its rows, and the one beyond it. */
export interface Page {
  readonly length: number;
  /** For each row nothing, or four digits, a 0 for each fault: layout, null, order, text. */
  readonly faults: readonly unknown[];
  /** The texts of the key of a row. */
  keyAt(place: number): string[];
  /** A row as it is given. */
  rowAt(place: number): Row;
}

const keyColumn = "millrace key"; // Columns of their own, at the end.
const faultColumn = "millrace fault";

/** The query with names for its columns by which they can be told, whatever they are called. */
export function fromQuery(sql: string, { columns }: Layout): string {
  return `from (${sql}\n) as page${columns.length > 0 ? `(${aliasesOf(columns)})` : ""}`;
}

/** A single value whose text contains all columns. */
export function recordOf({ columns }: Layout): string {
  return `row(${columns.map(readAs).join(", ")})`;
}

/** The statement of a page. */
export function pageStatement(
  query: Query,
  view: View,
  { isFirst, isBounded }: { isFirst: boolean; isBounded: boolean },
): string {
  const { sql, params, chunkSize, values } = query;
  const { layout, key } = view;
  const { columns } = layout;
  const last = boundKey(key, params.length + 1);
  const bound = boundKey(key, params.length + 1 + (isFirst ? 0 : last.length))[0]!;
  const where = [settings];
  if (!isFirst) where.push(isAbove(key, last));
  if (isBounded) where.push(`not (${isAbove(firstOf(key), [bound])})`);
  if (query.last !== undefined) {
    where.push(`not (${isAbove(key, boundKey(key, boundsEnd(query, key, isFirst, isBounded)))})`);
  }
  const order = plainOf(key).join(", ");
  const keyRecord = `row(${key.places.map((place) => readAs(columns[place]!, place)).join(", ")})`;
  const inner = values === "client" ? aliasesOf(columns) : `${recordOf(layout)} as record`;
  const outer = values === "client"
    ? [
      ...columns.map(({ name }, place) => `c${place} as ${quoteName(name)}`),
      `pg_catalog.record_out(${keyRecord}) as ${quoteName(keyColumn)}`,
    ].join(", ")
    : "pg_catalog.record_out(record)";
  return `select ${outer}, ${faultOf(query, view, isFirst ? [] : last)} as ${quoteName(faultColumn)}
    from (
      select ${inner}, ${key.plain.map((name, n) => `${name} as k${n}`).join(", ")}
      ${fromQuery(sql, layout)}
      where ${where.join(" and ")}
      order by ${key.names.join(", ")} limit ${chunkSize + 1}
    ) as read
    window keys as (order by ${order}) order by ${order}`;
}

/** The number of the first parameter of `upTo`, which is behind all others. */
function boundsEnd({ params }: Query, { names }: Key, isFirst: boolean, isBounded: boolean) {
  return params.length + 1 + (isFirst ? 0 : names.length) + (isBounded ? 1 : 0);
}

function plainOf({ names }: Key): string[] {
  return names.map((_, n) => `read.k${n}`); // Not what a column is called in the answer.
}

/**
 * A row itself reports its faults, as only the database knows which keys are equal:
 * whether the result is what it was, no key is null, it is above the row before, and, at the end of a
 * page, the text of the key means the same key, from which the next page goes on.
 */
function faultOf(
  { sql, chunkSize }: Query,
  { layout, key }: View,
  last: readonly string[],
): string {
  const plain = plainOf(key);
  const before = plain.map((name, n) =>
    `pg_catalog.lag(${[name, ...last.length > 0 ? [1, last[n]] : []].join(", ")}) over keys`
  );
  const again = plain.map((name, n) =>
    `pg_catalog.format('%s', ${name})::${key.columns[n]!.written}`
  );
  const keys = `row(${plain.join(", ")})`;
  const noNulls = `pg_catalog.num_nulls(${plain.join(", ")}) = 0`;
  const names = layout.columns.map(({ name }) => name);
  return `pg_catalog.textout(nullif(pg_catalog.concat(
      (${quoteText(layout.mark)} = ${markOf(sql, names)})::pg_catalog.int4,
      (${noNulls})::pg_catalog.int4,
      pg_catalog.record_gt(${keys}, row(${before.join(", ")}))::pg_catalog.int4,
      case when pg_catalog.row_number() over keys = ${chunkSize} and ${noNulls}
        then pg_catalog.record_eq(${keys}, row(${again.join(", ")}))::pg_catalog.int4 else 1 end
    ), '1111'))`;
}

/** A page whose rows are texts of records. */
export function textPage(
  rows: readonly (readonly unknown[])[],
  { key, layout, toRow }: View,
): Page {
  return {
    length: rows.length,
    faults: rows.map(([, fault]) => fault),
    keyAt: (place) => {
      const fields = fieldsOf(rows[place]![0], layout.columns.length);
      return key.places.map((place) => fields[place]!);
    },
    rowAt: (place) => toRow(rows[place]![0]),
  };
}

/** A page with rows as the client reads them. */
export function clientPage(rows: readonly Row[], { key }: View): Page {
  // A client may rename columns.
  const [keyName, faultName] = Object.keys(rows[0] ?? {}).slice(-2) as [string, string];
  const keys = rows.map((row) => row[keyName]);
  const faults = rows.map((row) => row[faultName]);
  for (const row of rows) {
    delete row[keyName];
    delete row[faultName];
  }
  return {
    length: rows.length,
    faults,
    keyAt: (place) => fieldsOf(keys[place], key.names.length) as string[],
    rowAt: (place) => rows[place]!,
  };
}
