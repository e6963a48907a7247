import { callable, nonNegative, type Rule } from "../options.ts";

/** A number that is known at once, or a function that returns it as soon as it is known. */
export type Amount =
  | number
  | ((context: { readonly signal: AbortSignal }) =>
    | number
    | undefined
    | PromiseLike<number | undefined>);

const isAmount = (value: unknown) => nonNegative.test(value) || callable.test(value);

/** Rule of the option `total`. */
export const totalAmount: Rule = {
  expected: "a number of at least 0, a function, or one of them as { bytes }",
  test: (value) => isAmount(value) || isAmount((value as { bytes?: unknown } | null)?.bytes),
};
