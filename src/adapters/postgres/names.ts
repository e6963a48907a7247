import { quoteName } from "../../sql/names.ts";

/** A string as SQL takes it. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? ` E${quoted}` : quoted;
}

/** The quoted name of a table, in its schema where one is given. */
export function tableName(table: string, schema: string | undefined): string {
  return schema === undefined ? quoteName(table) : `${quoteName(schema)}.${quoteName(table)}`;
}

const maxNameBytes = 63;

/** A name as the database keeps it, which cuts it off where it is too long. */
export function keptName(name: string): string {
  if (name.length * 3 <= maxNameBytes) return name;
  const bytes = new Uint8Array(maxNameBytes);
  const { read } = new TextEncoder().encodeInto(name, bytes);
  return name.slice(0, read);
}
