import type { Rule } from "../../options.ts";
import { distinctNames } from "../distinct-names.ts";
import { isStorable } from "./values.ts";

/** Rule for a name of a table or a column: any text that SQLite does not cut or change. */
export const name: Rule = {
  expected: "a non-empty string without NUL and half surrogate pairs",
  test: (value) => typeof value === "string" && value !== "" && isStorable(value),
};

/** Rule for distinct names. SQLite ignores the case of ASCII letters. */
export const names: Rule = distinctNames(name, foldCase);

/** Returns a name in the form in which SQLite compares it. */
export function foldCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
