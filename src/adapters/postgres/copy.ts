import type { Column } from "./column-types.ts";
import { cellName, cellsOf, type Target } from "./insert.ts";
import { quoteName } from "./names.ts";

/** Where a COPY puts a whole batch: the table and its columns, as SQL names them. */
export function copyTarget({ table, columns }: Target): string {
  return `${table} (${columns.map(({ name }) => quoteName(name)).join(", ")})`;
}

/**
 * A batch as the text of a COPY.
 * @throws {BatchError} If a value would not arrive as it is: names its row and column.
 */
export function copyText(columns: readonly Column[], rows: readonly unknown[]): string {
  const lines = cellsOf(columns, rows).map((cells) =>
    columns.map(({ kind }, place) => {
      const cell = cells[cellName(place)];
      return cell === null ? "\\N" : escaped(kind.write?.(cell) ?? String(cell));
    }).join("\t") + "\n"
  );
  return lines.join("");
}

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

/** A line that is `\.` alone would end the data: a backslash is never left as it is. */
function escaped(text: string): string {
  return text.replaceAll(/[\\\t\n\r]/g, (character) => escapes[character]!);
}
