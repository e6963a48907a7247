import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  abortSignal,
  callable,
  checkOptions,
  nonEmptyString,
  nonNegative,
  oneOf,
  positive,
  positiveInteger,
  type Rule,
  truthValue,
} from "../src/plain-options.ts";

describe("checkOptions() of an unknown option", () => {
  it.each([
    ["XMLURL", "xmlurl", ["abcdef", "XMLURL"]],
    ["timeout", "TIMEOUT", ["size", "timeout"]],
    ["maxSize", "maxSizee", ["size", "maxSize"]],
    ["size", "maxsize", ["timeouts", "size"]],
    ["a", "", ["bcd", "a"]],
  ])("suggests '%s' for the unknown option '%s' if there are %o", (best, wrong, names) => {
    const options = Object.fromEntries(names.map((name) => [name, [callable] as const]));
    expect(() => checkOptions("do it", { [wrong]: 1 }, options)).toThrow(`perhaps '${best}'`);
  });

  it("suggests the known option that takes the fewest edits", () => {
    const names = ["batchSize", "timeout", "maxBytes", "sizeOf", "flushWhen", "onError"];
    const options = Object.fromEntries(names.map((name) => [name, [callable] as const]));
    const edits = fc.tuple(fc.constantFrom(...names), fc.nat(20), fc.constantFrom("", "#", "##"));
    fc.assert(
      fc.property(edits, ([name, place, letters]) => {
        const at = place % name.length;
        const wrong = name.slice(0, at) + letters + name.slice(at + 1);
        fc.pre(!names.includes(wrong));
        expect(() => checkOptions("do it", { [wrong]: 1 }, options)).toThrow(`perhaps '${name}'`);
      }),
      { seed: 20261122 },
    );
  });
});

describe("the rules of options", () => {
  const { signal } = new AbortController();
  const some = [0, -0, 1, 1.5, -1, NaN, Infinity, 2 ** 53, "1", "", "a", true, null, undefined];
  const others = [1n, {}, [], () => {}, signal, { aborted: false, addEventListener() {} }];
  const values: unknown[] = [...some, ...others];

  it.each<[string, Rule, unknown[]]>([
    ["a positive integer", positiveInteger, [1]],
    ["a number above 0", positive, [1, 1.5, Infinity, 2 ** 53]],
    ["a number of at least 0", nonNegative, [0, -0, 1, 1.5, Infinity, 2 ** 53]],
    ["a function", callable, [others[3]]],
    ["a boolean", truthValue, [true]],
    ["a non-empty string", nonEmptyString, ["1", "a"]],
    ["an AbortSignal", abortSignal, [signal, others[5]]], // The second may be of another realm.
    [`"a" or "b"`, oneOf("a", "b"), ["a"]],
    [`"a" or "b" or "c"`, oneOf("a", "b", "c"), ["a"]],
  ])("%s", (words, rule, kept) => {
    expect(rule.expected).toBe(words);
    expect(values.filter((value) => rule.test(value))).toEqual(kept);
  });
});
