import { nonEmptyString, type Rule } from "../../plain-options.ts";

/** A text that can separate fields or start a comment. */
export const plainText: Rule = {
  expected: "a text without quotes and line breaks",
  test: (value) => nonEmptyString.test(value) && !/["\r\n]/.test(value as string),
};
