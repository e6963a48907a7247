import { quoteName } from "../../sql/names.ts";

/** Quotes a string for SQL. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? ` E${quoted}` : quoted;
}

/** Returns the quoted name of a table, with its schema if there is one. */
export function tableName(table: string, schema: string | undefined): string {
  return schema === undefined ? quoteName(table) : `${quoteName(schema)}.${quoteName(table)}`;
}

const maxNameBytes = 63;

/** Returns a name as the database stores it: a name that is too long is cut. */
export function keptName(name: string): string {
  if (name.length * 3 <= maxNameBytes) return name;
  const bytes = new Uint8Array(maxNameBytes);
  const { read } = new TextEncoder().encodeInto(name, bytes);
  return name.slice(0, read);
}
