import type { Rule } from "../../options.ts";
import { distinctNames } from "../../sql/distinct-names.ts";
import { isStorableText } from "../../sql/text.ts";

/** Rule for a name of a table or a column: any text that the client does not cut or change. */
export const name: Rule = {
  expected: "a non-empty string without NUL and half surrogate pairs",
  test: (value) => typeof value === "string" && value !== "" && isStorableText(value),
};

/** Rule for distinct names. DuckDB ignores case. */
export const names: Rule = distinctNames(name, foldCase);

/** A name as DuckDB compares it. */
export function foldCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
