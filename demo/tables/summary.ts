import { tableOf } from "../table.ts";
import type { Database } from "./databases.ts";
import { questions } from "./questions.ts";
import { countQuery } from "./schema.ts";

/** How many rows each table has, and how many are without the row above them. */
export async function countSummary(database: Database): Promise<string> {
  const counts = (await database.query(countQuery)).map(({ name, count, orphans }) => ({
    name: String(name),
    count: Number(count),
    orphans: Number(orphans),
  }));
  const sumOf = (property: "count" | "orphans") =>
    counts.reduce((sum, table) => sum + table[property], 0);
  return tableOf([
    ["table", "rows", "orphans"],
    ...counts.map(({ name, count, orphans }) => [name, count, orphans]),
    ["all", sumOf("count"), sumOf("orphans")],
  ]);
}

/** The answers of the database to what is asked. */
export async function answers(database: Database): Promise<string[]> {
  return await Promise.all(questions.map(async ({ words, query }) => {
    const rows = await database.query(query);
    const cells = rows.map((row) =>
      Object.values(row).map((cell) => {
        const number = Number(cell);
        return Number.isInteger(number) ? number : String(cell);
      })
    );
    return `${words}\n\n${tableOf([Object.keys(rows[0] ?? {}), ...cells])}\n`;
  }));
}
