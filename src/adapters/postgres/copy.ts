import type { Column } from "./table/columns.ts";
import { cellName, type Cells } from "./insert.ts";
import { hexText } from "./hex.ts";
import type { Cell } from "./values.ts";
import { quoteNames } from "../../sql/names.ts";

/** Returns the target of a COPY: the table and the columns that rows give, as SQL names them. */
export function copyTarget(table: string, columns: readonly Column[]): string {
  return `${table} (${quoteNames(columns.map(({ name }) => name))})`;
}

/** About so many characters are sent at once: longer ones keep the thread, and the server moves them. */
const pieceLength = 2 ** 16;

/**
 * Rows as the text of a COPY, piece by piece. That of several rows is made at once, so that what it is
 * made of can go; a row alone may be of any length, and each piece of it is made when the one before is
 * on its way.
 */
export function copyText(columns: readonly Column[], rows: readonly Cells[]): Iterable<string> {
  // Here, as they may fail: a COPY that has begun would have to be taken back.
  const composed = columns.map(({ kind }, place) => {
    if (kind.write === String) return undefined;
    return rows.map((row) => {
      const cell = row[cellName(place)]!;
      return cell === null || cell instanceof Uint8Array ? cell : kind.write(cell);
    });
  });
  const pieces = piecesOf(composed, rows);
  return rows.length > 1 ? [...pieces] : pieces;
}

type Field = Exclude<Cell, readonly Cell[]>;

function* piecesOf(
  composed: readonly (readonly Field[] | undefined)[],
  rows: readonly Cells[],
): Generator<string> {
  let [lines, length]: [string[], number] = [[], 0];
  for (let place = 0; place < rows.length; place++) {
    let line = "";
    for (let n = 0; n < composed.length; n++) {
      if (n > 0) line += "\t";
      const texts = composed[n];
      const field = (texts === undefined ? rows[place]![cellName(n)] : texts[place]) as Field;
      if (field === null) line += "\\N";
      else if (typeof field === "number" || typeof field === "boolean") line += field;
      else if (field.length <= pieceLength / 2) line += textOf(field);
      else {
        if (length + line.length > 0) yield lines.join("") + line;
        [lines, length] = [[], 0];
        line = yield* longField(field);
      }
    }
    lines.push(line + "\n");
    length += line.length + 1;
    if (length < pieceLength) continue;
    yield lines.join(""); // Of its own, where a sum would keep all that it was added up of.
    [lines, length] = [[], 0];
  }
  if (length > 0) yield lines.join("");
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
