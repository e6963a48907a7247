import { callable, nonNegative, type Rule } from "../options.ts";

/** What is told of its number: at once, or by a function, as soon as it is known. */
export type Amount =
  | number
  | ((context: { readonly signal: AbortSignal }) =>
    | number
    | undefined
    | PromiseLike<number | undefined>);

const isAmount = (value: unknown) => nonNegative.test(value) || callable.test(value);

/** What the option `total` may be. */
export const totalAmount: Rule = {
  expected: "a number of at least 0, a function, or one of them as { bytes }",
  test: (value) => isAmount(value) || isAmount((value as { bytes?: unknown } | null)?.bytes),
};
