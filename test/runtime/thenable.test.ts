import { describe, expect, it } from "vitest";
import { isThenable } from "../../src/runtime/thenable.ts";

describe("isThenable()", () => {
  const then = (resolve: (value: number) => void) => resolve(1);

  it.each<[string, unknown]>([
    ["a promise", Promise.resolve()],
    ["an object with then, as a query builder is", { then }],
    ["a function with then, as a proxy of a remote function is", Object.assign(() => {}, { then })],
  ])("returns true for %s", async (_, value) => {
    expect(isThenable(value)).toBe(true);
    await value;
  });

  it("rethrows what a getter of `then` throws", () => {
    const error = new Error("Do not await");
    const value = {
      get then(): never {
        throw error;
      },
    };
    expect(() => isThenable(value)).toThrow(error);
  });

  it.each([undefined, null, 0, "then", true, Symbol.iterator, {}, [], () => {}, { then: true }])(
    "returns false for %o",
    (value) => expect(isThenable(value)).toBe(false),
  );
});
