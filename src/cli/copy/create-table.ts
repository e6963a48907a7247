import { quoteName } from "../../sql/names.ts";
import { typeNames } from "./columns.ts";
import type { Facts } from "./parts.ts";

/** The statement that makes a table of these columns, unless it is there. */
export function createTable(
  database: "sqlite" | "postgres",
  table: string,
  { columns, declared, primaryKey }: Facts,
): string {
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
