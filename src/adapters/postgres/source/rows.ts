/**
 * Decodes the text of a row into values: JavaScript's own where they hold every value of the type,
 * else the text of the database.
 * @module
 */
import { fail } from "../../../options.ts";
import type { Row } from "../database.ts";
import { PgText } from "../lossless-text.ts";
import { quoteName } from "../../../sql/names.ts";
import { type Layout, moneyType, type ResultColumn } from "./layout.ts";

type Decode = (text: string) => unknown;

const asText: Decode = (text) => text;
const asBoolean: Decode = (text) => text === "t";
const xmlType = 142;

/** By the number of the type, which is the same in every database. */
const byType: ReadonlyMap<number, Decode> = new Map<number, Decode>([
  [16, asBoolean],
  [17, bytesOf],
  [21, Number], // int2
  [23, Number], // int4
  [26, Number], // oid
  [700, Number], // float4; its text is the shortest that means the same float4.
  [701, Number], // float8
  [114, (text) => new PgText(text, "json")],
  [3802, (text) => new PgText(text, "jsonb")],
  [moneyType, (text) => new PgText(text, "money")],
]);

/** Types whose arrays stay text: as an array, they would lose something or mislead the sink. */
const wholeElements: ReadonlySet<number> = new Set([114, 3802, moneyType]);
const vectors: ReadonlySet<number> = new Set([22, 30]); // int2vector, oidvector: "1 2 3"

/**
 * Returns the SQL of a column in the row that is read. The text of money has the signs of a
 * language, and xml is written without its declaration.
 */
export function readAs({ type }: ResultColumn, place: number): string {
  if (type === xmlType) return `c${place}::pg_catalog.text`;
  return type === moneyType ? `c${place}::pg_catalog.numeric` : `c${place}`;
}

function decodeOf({ type, category, element, elementKind, delimiter }: ResultColumn): Decode {
  if (category !== "A" || vectors.has(type)) return byType.get(type) ?? asText;
  if (delimiter !== "," || elementKind === "c" || wholeElements.has(element)) return asText;
  const decode = byType.get(element) ?? asText;
  // One that begins elsewhere than at 1 says so: `[0:1]={5,6}`.
  return (text) => text.startsWith("{") ? arrayOf(text, decode) : text;
}

/** Makes rows of the texts of records. */
export function rowReader({ columns }: Layout): (text: unknown) => Row {
  const names = columns.map(({ name }) => name);
  const decoders = columns.map(decodeOf);
  const hasProto = names.includes("__proto__");
  return (text) => {
    const fields = fieldsOf(text, names.length);
    const row: Row = {};
    for (let place = 0; place < names.length; place++) {
      const field = fields[place]!;
      const value = field === null ? null : decoders[place]!(field);
      if (hasProto) {
        const own = { value, writable: true, enumerable: true, configurable: true };
        Object.defineProperty(row, names[place]!, own);
      } else row[names[place]!] = value;
    }
    return row;
  };
}

const quote = 34;
const comma = 44;

/**
 * The fields of the text of a record: `(1,"a ""b""",)`. Nothing between two commas is a null.
 * @throws {ConfigurationError} If an option of the client has made something else of it.
 */
export function fieldsOf(text: unknown, count: number): (string | null)[] {
  if (typeof text !== "string" || text[0] !== "(") {
    const rule = "a client that returns values of unknown types as unchanged text";
    return fail("read rows", "client", rule, text);
  }
  const last = text.length - 1;
  const fields: (string | null)[] = [];
  for (let at = 1; fields.length < count; at++) { // Over the comma.
    const first = text.charCodeAt(at);
    if (first === comma || at === last) {
      fields.push(null);
    } else if (first === quote) {
      let end = text.indexOf('"', at + 1);
      while (text.charCodeAt(end + 1) === quote) end = text.indexOf('"', end + 2);
      fields.push(unescaped(text.slice(at + 1, end)));
      at = end + 1;
    } else {
      const next = text.indexOf(",", at);
      const end = next === -1 ? last : next;
      fields.push(text.slice(at, end));
      at = end;
    }
  }
  return fields;
}

/** In a record quotes and backslashes are doubled. */
function unescaped(text: string): string {
  const plain = text.includes('"') ? text.replaceAll('""', '"') : text;
  return plain.includes("\\") ? plain.replaceAll("\\\\", "\\") : plain;
}

/** `{1,"two",NULL,{…}}`: in an array a backslash is before what means itself. */
function arrayOf(text: string, decode: Decode): unknown[] {
  const all: unknown[][] = [[]];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    const items = all.at(-1)!;
    if (character === "{") {
      const inner: unknown[] = [];
      items.push(inner);
      all.push(inner);
    } else if (character === "}") {
      all.pop();
    } else if (character === '"') {
      let end = at + 1;
      while (text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
      const inside = text.slice(at + 1, end);
      items.push(decode(inside.includes("\\") ? inside.replaceAll(/\\([^])/g, "$1") : inside));
      at = end;
    } else if (character !== ",") {
      let end = at + 1;
      while (text[end] !== "," && text[end] !== "}") end++;
      const inside = text.slice(at, end);
      items.push(inside === "NULL" ? null : decode(inside));
      at = end - 1;
    }
  }
  return all[0]![0] as unknown[];
}

/** Values of hexadecimal digits, by their character codes. */
const digits = Uint8Array.from(
  { length: 128 },
  (_, code) => parseInt(String.fromCharCode(code), 16),
);

/** `\x00ff`. The codes of a long text are read much faster from an array. */
function bytesOf(text: string): Uint8Array {
  const { fromHex } = Uint8Array as { fromHex?: (text: string) => Uint8Array };
  if (fromHex !== undefined) return fromHex.call(Uint8Array, text.slice(2)); // Not in Node 24.
  const codes = new TextEncoder().encode(text);
  const bytes = new Uint8Array((codes.length - 2) / 2);
  for (let n = 0, at = 2; n < bytes.length; n++, at += 2) {
    bytes[n] = (digits[codes[at]!]! << 4) | digits[codes[at + 1]!]!;
  }
  return bytes;
}

/**
 * Rejects a result in which two columns have one name, as a row can hold only one of them.
 * @throws {ConfigurationError} If there is such a name.
 */
export function checkNames(sql: string, { columns }: Layout): void {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice === undefined) return;
  fail(
    "read rows",
    "sql",
    `a query whose columns have distinct names, unlike ${quoteName(twice)}`,
    sql,
  );
}
