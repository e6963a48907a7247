import type { Rule } from "../options.ts";

/**
 * An array of names, each once. Names are the same where `fold` returns the same text for them, as a
 * database compares them.
 */
export function distinctNames(name: Rule, fold: (name: string) => string): Rule {
  return {
    expected: "a non-empty array of distinct non-empty strings",
    test: (value) =>
      Array.isArray(value) && value.length > 0 && value.every(name.test) &&
      new Set(value.map(fold)).size === value.length,
  };
}
