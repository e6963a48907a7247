import type { Column } from "./table/columns.ts";
import { cellName, type Cells } from "./insert.ts";
import { hexText } from "./hex.ts";
import { quoteNames } from "../../sql/names.ts";

/** Where a COPY puts rows: the table and the columns that they give, as SQL names them. */
export function copyTarget(table: string, columns: readonly Column[]): string {
  return `${table} (${quoteNames(columns.map(({ name }) => name))})`;
}

/** About so many characters are sent at once: longer ones keep the thread, and the server moves them. */
const pieceLength = 2 ** 16;

/** Rows as the text of a COPY, piece by piece: each is made when the one before is on its way. */
export function copyText(columns: readonly Column[], rows: readonly Cells[]): Iterable<string> {
  // Here, as it may fail: a COPY that has begun would have to be taken back.
  const lines = rows.map((row) =>
    columns.map(({ kind }, place) => {
      const cell = row[cellName(place)]!;
      return cell === null || cell instanceof Uint8Array ? cell : kind.write(cell);
    })
  );
  return piecesOf(lines);
}

type Field = string | Uint8Array | null;

function* piecesOf(lines: readonly (readonly Field[])[]): Generator<string> {
  let piece = "";
  for (const fields of lines) {
    for (let n = 0; n < fields.length; n++) {
      if (n > 0) piece += "\t";
      const field = fields[n]!;
      if (field === null) piece += "\\N";
      else if (field.length <= pieceLength / 2) piece += textOf(field);
      else {
        if (piece !== "") yield piece;
        piece = yield* longField(field);
      }
    }
    piece += "\n";
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

/** Gives a long field but for its end. */
function* longField(field: string | Uint8Array): Generator<string, string> {
  let start = 0;
  for (;;) {
    let end = start + pieceLength / 2;
    if (end >= field.length) break;
    if (typeof field === "string" && isHalf(field.charCodeAt(end - 1))) end++;
    yield textOf(field.slice(start, end), start === 0);
    start = end;
  }
  return textOf(field.slice(start), false);
}

/** The text of a field, or of a part of it. */
function textOf(part: string | Uint8Array, isFirst = true): string {
  if (typeof part === "string") return escaped(part);
  const text = hexText(part); // `\x00`, nothing else in it.
  return isFirst ? `\\${text}` : text.slice(2);
}

/** The first of the two that make a character: alone it would be sent as another one. */
function isHalf(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

const special = /[\\\t\n\r]/;

/** A line that is `\.` alone would end the data: a backslash is never left as it is. */
function escaped(text: string): string {
  if (!special.test(text)) return text; // As most have none: to look costs a quarter of replacing.
  return text.replaceAll(/[\\\t\n\r]/g, (character) => escapes[character]!);
}
