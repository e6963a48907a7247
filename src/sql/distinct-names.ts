import type { Rule } from "../options.ts";

/**
 * Rule for an array of distinct names. Names are equal if `fold` returns the same text for them, as the
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
