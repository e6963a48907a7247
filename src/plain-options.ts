/**
 * Options are checked once, when they are given, by a table of the rule and the default of each name.
 * This is what every stream pays for; where a value may be a secret, `options.ts` hides it.
 * @module
 */
import { ConfigurationError } from "./errors.ts";

/** Rule of an option, in words and as a test. */
export interface Rule {
  /** Completes the sentence "must be …". */
  readonly expected: string;
  /** Tells whether a value keeps the rule. */
  test(value: unknown): boolean;
}

/** The rule and the default of every option; an option without a default has `undefined`. */
export type OptionTable<O> = { readonly [K in keyof O]-?: readonly [rule: Rule, fallback?: O[K]] };

/** Options with their defaults filled in; those named by `Open` may still be `undefined`. */
export type Complete<O, Open extends keyof O = never> = {
  readonly [K in keyof O]-?: K extends Open ? O[K] | undefined : Exclude<O[K], undefined>;
};

/** 1, 2, 3 and so on. */
export const positiveInteger: Rule = {
  expected: "a positive integer",
  test: (value) => Number.isSafeInteger(value) && (value as number) > 0,
};

/** 1, 2, 3 and so on; `Infinity` means no limit. */
export const positiveIntegerOrInfinity: Rule = {
  expected: "a positive integer or Infinity",
  test: (value) => value === Infinity || positiveInteger.test(value),
};

/** Any number above 0; `Infinity` means no limit. */
export const positive: Rule = {
  expected: "a number above 0",
  test: (value) => typeof value === "number" && value > 0,
};

/** Any number above 0 but `Infinity`. */
export const finitePositive: Rule = {
  expected: "a finite number above 0",
  test: (value) => Number.isFinite(value) && (value as number) > 0,
};

/** Any number from 0 on; `Infinity` means no limit. */
export const nonNegative: Rule = {
  expected: "a number of at least 0",
  test: (value) => typeof value === "number" && value >= 0,
};

/** Any object, an array too. */
export const anyObject: Rule = {
  expected: "an object",
  test: (value) => typeof value === "object" && value !== null,
};

/** Something to call. */
export const callable: Rule = {
  expected: "a function",
  test: (value) => typeof value === "function",
};

/** `true` or `false`. */
export const truthValue: Rule = {
  expected: "a boolean",
  test: (value) => typeof value === "boolean",
};

/** A string that is not empty. */
export const nonEmptyString: Rule = {
  expected: "a non-empty string",
  test: (value) => typeof value === "string" && value !== "",
};

/** An `AbortSignal`, of this realm or of another. */
export const abortSignal: Rule = {
  expected: "an AbortSignal",
  test: (value) => "aborted" in Object(value) && "addEventListener" in Object(value),
};

/** Fate of work in progress when the input fails; spelt out, as streams need no `oneOf`. */
export const flushOrDiscard: Rule = {
  expected: '"flush" or "discard"',
  test: (value) => value === "flush" || value === "discard",
};

/** One of the given strings. */
export function oneOf(...choices: readonly string[]): Rule {
  return {
    expected: choices.map((choice) => `"${choice}"`).join(" or "),
    test: (value) => choices.includes(value as string),
  };
}

/** Throws the error of a wrong value. */
export type Fail = (action: string, name: string, rule: string, value: unknown) => never;

/**
 * Checks `options` by their table, and completes them: a name that is not given, or is given as
 * `undefined`, gets its value from the table.
 *
 * @throws {ConfigurationError} If a value breaks its rule, or a name is not in the table.
 */
export function checkOptions<O extends object, Open extends keyof O = never>(
  action: string,
  options: O,
  table: OptionTable<O>,
  tell: Fail = fail,
): Complete<O, Open> {
  if (typeof options !== "object" || !options) tell(action, "options", "an object", options);
  const given = options as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue;
    tell(action, name, `a known option, perhaps '${nearestOf(name, table)}'`, given[name]);
  }
  const complete: Record<string, unknown> = {};
  for (const [name, [rule, fallback]] of Object.entries<readonly [Rule, unknown?]>(table)) {
    const value = given[name]; // Once: a getter may give another next time.
    if (value !== undefined && !rule.test(value)) tell(action, name, rule.expected, value);
    complete[name] = value ?? fallback;
  }
  return complete as Complete<O, Open>;
}

/** The one sentence of everything wrong that is given: action, option, rule, value. */
export function fail(action: string, name: string, rule: string, value: unknown): never {
  throw new ConfigurationError(
    `Cannot ${action} as '${name}' must be ${rule}: current value is ${inWords(value)}`,
  );
}

/** A value as a message shows it: in a few words, whatever it is. */
export function inWords(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60) + (value[60] ? "…" : ""));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value !== "object" || !value) return String(value);
  const type: unknown = value.constructor?.name;
  return typeof type !== "string" || !type || type === "Object"
    ? "an object"
    : `an instance of ${type}`;
}

/** The name that takes the fewest edits to reach (V. I. Levenshtein, 1966). */
export function nearestOf(name: string, table: object): string | undefined {
  const edits = (other: string) => {
    const to = other.toLowerCase();
    let row = [...[0, ...to].keys()];
    for (const letter of name.toLowerCase()) {
      let left = Infinity;
      row = row.map((above, column) =>
        left = Math.min(above, left, (row[column - 1] ?? Infinity) - +(letter === to[column - 1])) +
          1
      );
    }
    return row.at(-1)!;
  };
  return Object.keys(table).sort((a, b) => edits(a) - edits(b))[0];
}
