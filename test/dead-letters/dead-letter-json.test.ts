import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeItem, encodeItem } from "../../src/dead-letters/dead-letter-json.ts";

const pass = (value: unknown) => decodeItem(encodeItem(value));
const fail = (): never => {
  throw new Error("no");
};

/** Nested `depth` times by a function. */
function nest(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = "bottom";
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

const leaves = fc.oneof(
  ...[fc.string(), fc.string({ unit: "binary" }), fc.double(), fc.integer(), fc.boolean()],
  ...[fc.bigInt(), fc.constant(null), fc.constant(undefined), fc.date({ noInvalidDate: false })],
  ...[fc.uint8Array(), fc.constantFrom(-0, NaN, Infinity, -Infinity, "\ud800", "\udfff\ud800")],
);
const names = fc.oneof(fc.string(), fc.constantFrom("$", "value", "__proto__", "toJSON", "0"));
const anything = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaves, tie("object"), tie("list"), tie("kind")),
  object: fc.array(fc.tuple(names, tie("value"))).map((entries) => Object.fromEntries(entries)),
  list: fc.array(tie("value")),
  kind: fc.oneof(
    fc.array(fc.tuple(tie("value"), tie("value"))).map((entries) => new Map(entries)),
    fc.array(tie("value")).map((items) => new Set(items)),
    tie("object").map((value) => ({ $: "object", value })),
    fc.constantFrom("date", "map", "number", "note", 7, null).map(($) => ({ $, value: [] })),
  ),
})).value;

describe("encodeItem() and decodeItem()", () => {
  it("return any plain data unchanged", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const text = encodeItem(value);
        expect(decodeItem(text)).toStrictEqual(value);
        expect(encodeItem(decodeItem(text))).toBe(text); // Tells -0 from 0 in sets as well.
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
  });

  it("write plain JSON for what JSON can hold", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!text.includes('"$"') && !/-0(?![.\d])/.test(text));
        const value: unknown = JSON.parse(text);
        expect(encodeItem(value)).toBe(JSON.stringify(value));
      }),
      { seed: 20_261_122 },
    );
  });

  it.each([
    [7n, '{"$":"bigint","value":"7"}'],
    [-0, '{"$":"number","value":"-0"}'],
    [new Date(5), '{"$":"date","value":"1970-01-01T00:00:00.005Z"}'],
    [new Uint8Array([1, 255]), '{"$":"bytes","value":"Af8="}'],
    [new Map([[1, 2n]]), '{"$":"map","value":[[1,{"$":"bigint","value":"2"}]]}'],
    [{ $: 1 }, '{"$":"object","value":{"$":1}}'],
  ])("write %s so that it can be read back", (value, text) => {
    expect(encodeItem(value)).toBe(text);
  });

  it("return the bytes of a view, and only those", () => {
    const bytes = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
    expect(pass(bytes)).toStrictEqual(new Uint8Array([1, 2]));
  });

  it.each([
    [[1, , 3]], // deno-lint-ignore-line no-sparse-arrays
    [new Array(3)],
    [new Array(2 ** 32 - 1)],
    [Object.assign([1, , 3], { $: "date", 7: 7 })], // deno-lint-ignore-line no-sparse-arrays
    [Object.assign([, 2], { extra: 1n })], // deno-lint-ignore-line no-sparse-arrays
  ])("return an array with its holes", (list) => {
    const found = pass(list) as unknown[];
    expect(found.length).toBe(list.length);
    expect(Object.entries(found)).toStrictEqual(Object.entries(list));
  });

  it("return an error with all of its properties", () => {
    const cause = new RangeError("inner", { cause: undefined });
    const error = Object.assign(new TypeError("outer", { cause }), { code: "E_NO" });
    const found = pass(error) as Error & { code: unknown };
    expect(found).toBeInstanceOf(Error);
    expect([found.name, found.message, found.code]).toEqual(["TypeError", "outer", "E_NO"]);
    expect(Object.keys(found)).toEqual([]); // As of any other error.
    const inner = found.cause as Error;
    expect([inner.name, inner.message]).toEqual(["RangeError", "inner"]);
    expect([Object.hasOwn(inner, "cause"), inner.cause]).toEqual([true, undefined]);
    expect(Object.hasOwn(inner, "code")).toBe(false);
  });

  it("return the errors of an AggregateError", () => {
    const error = new AggregateError([new Error("one"), 2n], "many");
    const found = pass(error) as AggregateError;
    expect(found).toBeInstanceOf(AggregateError);
    expect([found.message, found.errors[0].message, found.errors[1]]).toEqual(["many", "one", 2n]);
  });

  it("return an error of the platform, such as a DOMException", () => {
    const found = pass(new DOMException("late", "TimeoutError")) as Error;
    expect([found.name, found.message]).toEqual(["TimeoutError", "late"]);
  });

  it("return an instance of a class as its own properties, or as its toJSON() says", () => {
    class Point {
      x = 1n;
      static readonly zero = 0;
      get y(): number {
        return 2;
      }
    }
    expect(pass(new Point())).toStrictEqual({ x: 1n });
    expect(pass(new URL("https://example.org/a"))).toBe("https://example.org/a");
    expect(pass({ toJSON: 1, a: 2 })).toStrictEqual({ toJSON: 1, a: 2 });
    class Same {
      toJSON(): unknown {
        return this;
      }
    }
    expect(pass(new Same())).toBe("[a circular reference]");
    class Fresh {
      toJSON(): unknown {
        return new Fresh();
      }
    }
    expect(pass(new Fresh())).toBe("[nested too deeply]");
  });

  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();

  it.each<[string, unknown, unknown]>([
    ["a function", { f: () => {} }, { f: "[a function]" }],
    ["a toJSON of its own", { toJSON: fail }, { toJSON: "[a function]" }],
    ["a symbol", [Symbol("s")], ["[a symbol]"]],
    [
      "a getter that throws",
      {
        a: 1,
        get b() {
          return fail();
        },
        c: 3,
      }, // deno-fmt-ignore-line
      { a: 1, b: "[cannot be read: no]", c: 3 },
    ],
    ["keys that throw", [new Proxy({}, { ownKeys: fail })], ["[cannot be read: no]"]],
    [
      "an error whose message throws",
      new Proxy(new Error(), { get: fail }),
      "[cannot be read: no]",
    ],
  ])("write a note in place of %s", (_, value, expected) => {
    expect(pass(value)).toStrictEqual(expected);
  });

  it("write a note in place of a revoked proxy", () => {
    expect(pass([proxy, 1])).toStrictEqual([expect.stringMatching(/^\[cannot be read: .*\]$/), 1]);
  });

  it("write a value twice that occurs twice, but not within itself", () => {
    const shared = { n: 1n };
    expect(pass([shared, { shared }])).toStrictEqual([shared, { shared }]);
  });

  it.each<[string, (inner: unknown) => unknown]>([
    ["objects", (inner) => ({ inner })],
    ["lists", (inner) => [inner]],
    ["maps", (inner) => new Map([[1, inner]])],
    ["keys of maps", (inner) => new Map([[inner, 1]])],
    ["sets", (inner) => new Set([inner])],
    ["causes", (cause) => new Error("e", { cause })],
    ["errors", (inner) => new AggregateError([inner], "e")],
    ["sparse lists", (inner) => Object.assign(new Array(3), { 1: inner })],
    ["objects that look tagged", ($) => ({ $ })],
  ])("put a note in place of %s that are nested too deeply", (_, wrap) => {
    for (const depth of [398, 399, 400, 401, 10_000]) { // Every way in which a level can be cut.
      const text = encodeItem(nest(depth, wrap));
      if (depth > 400) expect(text).toContain('{"$":"note","value":"[nested too deeply]"}');
      expect(encodeItem(decodeItem(text))).toBe(
        text.replaceAll(/\{"\$":"note","value":("\[[^"]*")\}/g, "$1"),
      );
    }
    expect(pass(nest(100, wrap))).toStrictEqual(nest(100, wrap));
  });

  it("decode an unknown kind as the value it wraps", () => {
    expect(decodeItem('{"$":"moment","value":[{"$":"bigint","value":"7"}]}')).toStrictEqual([7n]);
    expect(decodeItem('{"$":"constructor","value":1}')).toBe(1);
  });

  it("throw for text that is not JSON", () => {
    expect(() => decodeItem("{")).toThrow(SyntaxError);
  });
});
