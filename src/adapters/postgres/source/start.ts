import { fail } from "../../../options.ts";
import { hexText } from "../hex.ts";
import { isPgText } from "../lossless-text.ts";
import { boundKey, firstOf, type Key } from "./key.ts";
import { settings } from "./layout.ts";
import type { Query } from "./query.ts";

const integers: ReadonlySet<number> = new Set([20, 21, 23, 26]);
const times: ReadonlySet<number> = new Set([1082, 1114, 1184]); // date, timestamp, timestamptz

/** The key above which reading begins: that of `after`, less the `lag`. */
export async function startOf(query: Query, key: Key): Promise<readonly string[] | undefined> {
  const { after, lag, database } = query;
  for (const [name, values] of [["after", after], ["upTo", query.last]] as const) {
    if (values === undefined || values.length === key.names.length) continue;
    const rule = `a value for each of the ${key.names.length} columns of the key`;
    fail("read pages", name, rule, [...values]);
  }
  if (after === undefined) return undefined;
  if (lag === undefined) return after;
  const [{ type, category }] = key.columns as [Key["columns"][0]];
  const isTime = times.has(type);
  if (!isTime && category !== "N") {
    fail("read pages", "lag", "omitted unless the key begins with a number or a time", lag);
  }
  if (isTime !== (typeof lag === "string")) {
    const rule = isTime ? 'an interval such as "10 minutes"' : "a number, as the key is one";
    fail("read pages", "lag", rule, lag);
  }
  const [bound] = boundKey(firstOf(key), 1);
  const { written } = key.columns[0]!;
  const below = isTime
    ? `(${bound} - $2::text::pg_catalog.interval)::${written}`
    : `${
      integers.has(type) ? "pg_catalog.floor" : ""
    }($1::text::pg_catalog.numeric - $2::text::pg_catalog.numeric)::${written}`;
  const [row] = await database.values(
    `select pg_catalog.record_out(row(start)), pg_catalog.boolout(start < ${bound})
      from (select ${below}) as given(start) where ${settings}`,
    [after[0], String(lag)],
  );
  const [start, isBelow] = row as [string, string];
  if (isBelow !== "t") fail("read pages", "lag", "above 0", lag);
  return [start.slice(1, -1).replaceAll('"', ""), ...after.slice(1)];
}

/**
 * The values of a key as the database reads them: of a key that is one name, that is the value.
 * @throws {ConfigurationError} If there is one of which nobody knows the text.
 */
export function keyTexts(
  action: string,
  name: "after" | "upTo",
  given: unknown,
  key: string | readonly string[] | undefined,
): readonly string[] | undefined {
  if (given === undefined || given === null) return undefined;
  const values: readonly unknown[] = Array.isArray(key) && Array.isArray(given) ? given : [given];
  return values.map((value) => textOf(action, name, value));
}

function textOf(action: string, name: string, value: unknown): string {
  if (Array.isArray(value)) {
    const items = value.map((item) =>
      item === null ? "NULL" : quoted(textOf(action, name, item), item)
    );
    return `{${items.join(",")}}`;
  }
  if (typeof value === "string" || isPgText(value)) return String(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (value instanceof Uint8Array) return hexText(value);
  const rule = "a value as the source returns it, or an array of them for a key of several columns";
  return fail(action, name, rule, value);
}

function quoted(text: string, item: unknown): string {
  return Array.isArray(item) ? text : `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
