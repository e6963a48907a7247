/**
 * The options of what may be given a secret, such as a connection string in the place of a client:
 * no message shows it.
 * @module
 */
import {
  checkOptions as checkPlainOptions,
  type Complete,
  fail as failPlainly,
  type OptionTable,
  type Rule,
} from "./plain-options.ts";

export {
  abortSignal,
  anyObject,
  callable,
  type Complete,
  finitePositive,
  inWords,
  nonEmptyString,
  nonNegative,
  oneOf,
  type OptionTable,
  positive,
  positiveInteger,
  positiveIntegerOrInfinity,
  type Rule,
  truthValue,
} from "./plain-options.ts";

/**
 * Checks `options` by their table, and completes them: a name that is not given, or is given as
 * `undefined`, gets its value from the first of the `layers` that has it, else from the table.
 *
 * @throws {ConfigurationError} If a value breaks its rule, or a name is not in the table.
 */
export function checkOptions<O extends object, Open extends keyof O = never>(
  action: string,
  options: O,
  table: OptionTable<O>,
  ...layers: readonly object[]
): Complete<O, Open> {
  const given = layers as readonly Readonly<Record<string, unknown>>[];
  const entries = Object.entries<readonly [Rule, unknown?]>(table).map(([name, entry]) => {
    const [rule, fallback] = entry;
    const layered = given.map((layer) => layer[name]).find((value) => value !== undefined);
    return [name, [rule, layered ?? fallback]] as const;
  });
  return checkPlainOptions(
    action,
    options,
    Object.fromEntries(entries) as unknown as OptionTable<O>,
    fail,
  );
}

/** The one sentence of everything wrong that is given: action, option, rule, value. */
export function fail(action: string, name: string, rule: string, value: unknown): never {
  failPlainly(action, name, rule, typeof value === "string" ? masked(value, name) : value);
}

/** An address with a password, or an option named like a secret: errors are logged. */
const secret = /(:\/\/|:(?=\S{1,99}@)|(?:pass|pwd|secret|token|\wkey)\w{0,9}\W|\bsig=).+/is;

/** A text without what may be secret in it. */
export function masked(text: string, name: string): string {
  return `${name}=${text}`.replace(secret, "$1***").slice(name.length + 1);
}
