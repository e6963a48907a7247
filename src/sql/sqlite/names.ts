import type { Rule } from "../../options.ts";
import { distinctNames } from "../distinct-names.ts";
import { isStorable } from "./values.ts";

/** A name of a table or a column: any text, but what SQLite would cut or replace. */
export const name: Rule = {
  expected: "a non-empty string without NUL and half surrogate pairs",
  test: (value) => typeof value === "string" && value !== "" && isStorable(value),
};

/** Some names, each once. SQLite takes no notice of the case of ASCII letters. */
export const names: Rule = distinctNames(name, foldCase);

/** A name as SQLite compares it. */
export function foldCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
