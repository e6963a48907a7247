import { inWords } from "../plain-options.ts";

/**
 * Returns the JSON of a row.
 *
 * @throws {TypeError} If it has none.
 */
export function jsonOf(row: unknown): string {
  const text: string | undefined = JSON.stringify(row);
  if (text === undefined) throw new TypeError(`${inWords(row)} has no JSON`);
  return text;
}
