import type { Column } from "./column-types.ts";
import { cellName, type Cells } from "./insert.ts";
import { quoteName } from "./names.ts";

/** Where a COPY puts rows: the table and the columns that they give, as SQL names them. */
export function copyTarget(table: string, columns: readonly Column[]): string {
  return `${table} (${columns.map(({ name }) => quoteName(name)).join(", ")})`;
}

/** Rows as the text of a COPY. */
export function copyText(columns: readonly Column[], rows: readonly Cells[]): string {
  const lines = rows.map((row) =>
    columns.map(({ kind }, place) => {
      const cell = row[cellName(place)]!;
      if (cell instanceof Uint8Array) return `\\${kind.write(cell)}`; // `\\x00`, nothing else in it.
      return cell === null ? "\\N" : escaped(kind.write(cell));
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
