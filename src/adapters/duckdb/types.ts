/**
 * Types as DuckDB names them, and what they hold.
 * @module
 */

const bits: Readonly<Record<string, bigint>> = {
  ...{ TINYINT: 8n, SMALLINT: 16n, INTEGER: 32n, BIGINT: 64n, HUGEINT: 128n },
};

/** The lowest and the highest value of a type of integers. */
export function rangeOf(type: string): readonly [bigint, bigint] | undefined {
  const signed = bits[type];
  if (signed !== undefined) return [-(2n ** (signed - 1n)), 2n ** (signed - 1n) - 1n];
  const unsigned = type.startsWith("U") ? bits[type.slice(1)] : undefined;
  return unsigned === undefined ? undefined : [0n, 2n ** unsigned - 1n];
}

/** Returns true if a value is an integer, so that nothing of it is lost. */
export function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" || (Number.isInteger(value) && !Object.is(value, -0));
}

/** The numbers in the parentheses of a type. */
export function parametersOf(type: string): number[] {
  return type.slice(type.indexOf("(") + 1, -1).split(",").map(Number);
}

/** Returns true if a number has no more digits than a decimal. */
export function decimalFits(value: number | bigint, width: number, scale: number): boolean {
  const match = /^-?(\d+)(?:\.(\d+))?$/.exec(Object.is(value, -0) ? "" : `${value}`);
  if (match === null) return false; // Not finite, or written with an exponent.
  const [, whole, decimals = ""] = match;
  return decimals.length <= scale && (whole === "0" || whole!.length <= width - scale);
}

/** A date in UTC as the database reads it, if it is one that a type of times can hold. */
export function timeText(value: unknown, type: string): string | undefined {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return undefined;
  const year = value.getUTCFullYear();
  if (year < 1 || year > 9999) return undefined; // Such years are written in another way.
  if (type === "TIMESTAMP_S" && value.getTime() % 1000 !== 0) return undefined;
  if (type === "TIMESTAMP_NS" && (year < 1678 || year > 2261)) return undefined;
  const text = value.toISOString();
  return type === "TIMESTAMP WITH TIME ZONE" ? text : text.slice(0, -1);
}

/** The fields of a struct: their names and types. */
export function fieldsOf(type: string): [name: string, type: string][] {
  return partsOf(type.slice("STRUCT(".length, -1)).map((field) => {
    const quoted = /^"((?:[^"]|"")*)" /.exec(field);
    if (quoted !== null) {
      return [quoted[1]!.replaceAll('""', '"'), field.slice(quoted[0].length)];
    }
    const end = field.indexOf(" ");
    return [field.slice(0, end), field.slice(end + 1)];
  });
}

/** The text between commas that are neither in quotes nor in parentheses. */
function partsOf(text: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const [piece] of text.matchAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|, |[^]/g)) {
    if (piece === "(") depth++;
    if (piece === ")") depth--;
    if (piece === ", " && depth === 0) parts.push("");
    else parts[parts.length - 1] += piece;
  }
  return parts;
}
