import { fail } from "../../options.ts";
import { quoteName } from "../../sql/names.ts";
import { typeNames } from "./columns.ts";
import { action } from "./endpoint.ts";
import type { Facts } from "./parts.ts";

/** The statement that makes a table of these columns, unless it is there. */
export function createTable(
  database: "sqlite" | "postgres",
  table: string,
  { columns, declared, primaryKey }: Facts,
): string {
  if (columns.size === 0) fail(action, "--create", "left out, as no row tells of columns", true);
  const lines = [...columns].map(([name, type]) => {
    // A column of SQLite without a type keeps whatever it is given.
    const own = type === undefined && database === "sqlite"
      ? ""
      : typeNames[database][type ?? "text"];
    return `${quoteName(name)} ${declared?.get(name) ?? own}`.trim();
  });
  const key = primaryKey.length > 0 && primaryKey.every((name) => columns.has(name))
    ? [`primary key (${primaryKey.map(quoteName).join(", ")})`]
    : [];
  return `create table if not exists ${table} (${[...lines, ...key].join(", ")})`;
}
