import { show } from "./numbers.ts";

/** What stands in a table. */
export type Cell = string | number;

/** A table as text; the first row is its head. A column of numbers stands on the right. */
export function tableOf(rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map((cell) => typeof cell === "number" ? show(cell) : cell));
  const [head = [], ...body] = texts;
  const columns = head.map((_, column) => ({
    width: Math.max(...texts.map((row) => row[column]!.length)),
    isOfNumbers: body.every((row) => /^-?[\d,.]+$/.test(row[column]!)),
  }));
  const lines = texts.map((row) =>
    columns.map(({ width, isOfNumbers }, column) =>
      isOfNumbers ? row[column]!.padStart(width) : row[column]!.padEnd(width)
    )
  );
  lines.splice(1, 0, columns.map(({ width }) => "─".repeat(width)));
  return lines.map((cells) => `  ${cells.join("  ").trimEnd()}`).join("\n");
}
