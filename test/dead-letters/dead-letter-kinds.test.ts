import { describe, expect, it } from "vitest";
import { decodeItem, encodeItem } from "../../src/dead-letters/dead-letter-json.ts";

const pass = (value: unknown) => decodeItem(encodeItem(value));
const bytes = new Uint8Array([9, 0, 128, 63, 0, 0, 0, 64, 9, 1, 2, 3, 4, 5, 6, 7, 8]);

/** A prototype, with those above it, as another realm has them. */
function foreign(prototype: object): object {
  const above: object | null = Object.getPrototypeOf(prototype);
  const own = Object.getOwnPropertyDescriptors(prototype);
  return Object.create(above && foreign(above), own);
}

/** A value as it would be in a frame or a `vm`: of a class that is another one here. */
function ofAnotherRealm<V extends object>(value: V): V {
  return Object.setPrototypeOf(value, foreign(Object.getPrototypeOf(value)));
}

const views = [
  ...[Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];

describe("A dead letter keeps", () => {
  it.each(views.map((View) => [View.name, View] as const))("the numbers of a %s", (_, View) => {
    const view = new View(bytes.slice(0, 16).buffer);
    expect(pass(view)).toStrictEqual(view);
    const part = view.subarray(1);
    expect([...pass(part) as typeof part]).toStrictEqual([...part]);
    expect(pass(part)).toBeInstanceOf(View);
  });

  it.each<[string, object, unknown]>([
    ["an ArrayBuffer", bytes.slice(0, 3).buffer, bytes.slice(0, 3).buffer],
    ["an empty ArrayBuffer", new ArrayBuffer(0), new ArrayBuffer(0)],
    ["a DataView", new DataView(bytes.buffer, 1, 3), new DataView(bytes.slice(1, 4).buffer)],
    ["a boxed number", Object(-0), Object(-0)],
    ["a boxed text", Object("a"), Object("a")],
    ["a boxed boolean", Object(false), Object(false)],
    ["a boxed bigint", Object(7n), Object(7n)],
    ["an expression", /a\/\u{1F600}[/]/gsu, /a\/\u{1F600}[/]/gsu],
    ["a URL", new URL("https://example.org/a?b=c"), "https://example.org/a?b=c"],
    [
      "a subclass of a Map",
      new (class Index extends Map<number, number> {})([[1, 2]]),
      new Map([[1, 2]]),
    ],
    ["a subclass of a Date", new (class Day extends Date {})(5), new Date(5)],
  ])("%s", (_, value, expected) => {
    expect(pass(value)).toStrictEqual(expected);
    expect(pass([{ value }])).toStrictEqual([{ value: expected }]);
  });

  it("a SharedArrayBuffer as an ordinary ArrayBuffer", () => {
    if (!("SharedArrayBuffer" in globalThis)) return; // As in pages that are not isolated.
    const shared = new SharedArrayBuffer(2);
    new Uint8Array(shared).set([1, 2]);
    expect(pass(shared)).toStrictEqual(new Uint8Array([1, 2]).buffer);
    expect(pass(new Uint8Array(shared, 1))).toStrictEqual(new Uint8Array([2]));
  });

  it.each<[string, () => object, object]>([
    ["a Map", () => new Map([[1, { a: 2 }]]), new Map([[1, { a: 2 }]])],
    ["a Set", () => new Set([1]), new Set([1])],
    ["a Date", () => new Date(5), new Date(5)],
    ["an expression", () => /a/g, /a/g],
    ["an ArrayBuffer", () => new ArrayBuffer(2), new ArrayBuffer(2)],
    ["bytes", () => new Uint8Array([7]), new Uint8Array([7])],
    ["a boxed number", () => Object(7), Object(7)],
    ["a plain object", () => ({ a: 1 }), { a: 1 }],
    ["an empty object", () => ({}), {}],
  ])("%s of another realm", (_, make, expected) => {
    const value = ofAnotherRealm(make());
    expect(value).not.toBeInstanceOf(expected.constructor);
    expect(pass(value)).toStrictEqual(expected);
  });

  it("an error of another realm", () => {
    const error = ofAnotherRealm(new TypeError("no", { cause: new Error("inner") }));
    const found = pass({ error }) as { error: Error };
    expect(found.error).toBeInstanceOf(Error);
    expect([found.error.name, found.error.message]).toEqual(["TypeError", "no"]);
    expect((found.error.cause as Error).message).toBe("inner");
  });

  it.each<[string, () => object]>([
    ["a Map", () => Object.create(Map.prototype)],
    ["bytes", () => Object.create(Uint8Array.prototype)],
    ["a Set", () => ({ [Symbol.toStringTag]: "Set", size: 1 })],
  ])("the properties of what only looks like %s", (_, make) => {
    expect(pass(Object.assign(make(), { id: 7 }))).toStrictEqual(
      expect.objectContaining({ id: 7 }),
    );
  });
});

class Empty {}

class Hidden {
  readonly #secret = 7;
  get(): number {
    return this.#secret;
  }
}

describe("A dead letter has a note in place of", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["a WeakMap", () => new WeakMap(), /^\[an instance of WeakMap\]$/],
    ["a WeakSet", () => new WeakSet(), /^\[an instance of WeakSet\]$/],
    ["a WeakRef", () => new WeakRef({}), /^\[an instance of WeakRef\]$/],
    ["a promise", () => Promise.resolve(1), /^\[an instance of Promise\]$/],
    ["a generator", () => (function* () {})(), /^\[an instance of .*Generator\]$/],
    ["an instance without properties", () => new Empty(), /^\[an instance of Empty\]$/],
    ["an instance that hides them", () => new Hidden(), /^\[an instance of Hidden\]$/],
    ["a Blob", () => new Blob(["abc"]), /^\[an instance of Blob, of size 3\]$/],
    ["what inherits all it has", () => Object.create({ a: 1 }), /^\[an instance of Object\]$/],
    ["a boxed symbol", () => Object(Symbol("s")), /^\[a symbol\]$/],
    ["an object with symbols alone", () => ({ [Symbol("a")]: 1 }), /^\[an object whose prop/],
    [
      "an object with hidden properties",
      () => Object.defineProperty({}, "id", { value: 7 }),
      /^\[an object whose properties are hidden\]$/,
    ],
    ["a namespace of the language", () => Math, /^\[an object whose properties are hidden\]$/],
    ["a function with properties", () => Object.assign(() => {}, { a: 1 }), /^\[a function\]$/],
  ])("%s", (_, make, words) => {
    const value = make();
    expect(`${pass(value)}`).toMatch(words);
    expect(`${(pass([value]) as unknown[])[0]}`).toMatch(words);
  });

  it("bytes whose buffer is detached", () => {
    const { buffer } = new Uint8Array([1]);
    const view = new Uint16Array(2);
    structuredClone([buffer, view], { transfer: [buffer, view.buffer] });
    expect(pass(buffer)).toMatch(/^\[cannot be read: /);
    expect(pass(view)).toMatch(/^\[cannot be read: /);
  });
});

describe("A decoded dead letter", () => {
  it.each([
    '{"$":"list","value":[1,{"__proto__":{"bad":1}}]}',
    '{"$":"list","value":[1,{"$":"object","value":{"__proto__":{"bad":1}}}]}',
    '{"$":"graph","value":[{"$":"list","value":[1,{"__proto__":{"$":"ref","value":1}}]},{"bad":1}]}',
    '{"$":"graph","value":[[],{"__proto__":{"$":"ref","value":0}}]}',
  ])("has the prototype of its class, whatever its data says: %s", (text) => {
    const found = decodeItem(text) as { bad?: unknown };
    expect(Object.getPrototypeOf(found)).toBe(Array.prototype);
    expect(found.bad).toBe(undefined);
  });

  it.each([
    '{"__proto__":{"bad":1}}',
    '{"$":"object","value":{"__proto__":{"bad":1}}}',
    '{"$":"graph","value":[{"__proto__":{"$":"ref","value":1}},{"bad":1}]}',
    '{"$":"unknown","value":{"__proto__":{"bad":1}}}',
  ])("has a property of that name and no other prototype: %s", (text) => {
    const found = decodeItem(text) as { bad?: unknown };
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    expect([found.bad, Object.keys(found)]).toEqual([undefined, ["__proto__"]]);
  });

  it("restores an error as an instance of Error", () => {
    const text = '{"$":"error","value":{"message":"m","__proto__":{"bad":1}}}';
    const found = decodeItem(text) as Error & { bad?: unknown };
    expect([found instanceof Error, found.message, found.bad]).toEqual([true, "m", undefined]);
  });

  it("restores both errors of a SuppressedError", () => {
    // Not every runtime has the class yet.
    const error = Object.assign(new Error("both"), { name: "SuppressedError" });
    for (const [name, value] of Object.entries({ error: new Error("late"), suppressed: 2n })) {
      Object.defineProperty(error, name, { value, configurable: true, writable: true });
    }
    const found = pass(error) as Error & { error: Error; suppressed: unknown };
    expect([found.name, found.message, found.error.message, found.suppressed])
      .toEqual(["SuppressedError", "both", "late", 2n]);
    const other = pass(Object.assign(new Error("one"), { error: "body" })) as { error?: unknown };
    expect(other.error).toBe(undefined);
  });

  it("notes that bytes were transferred elsewhere", () => {
    const bytes = new Uint8Array([1, 2]);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect(pass(bytes)).toMatch(/^\[cannot be read: /);
    expect(pass(new Float32Array(2).subarray(1))).toEqual(new Float32Array(1));
  });

  it("restores all bytes, however many", () => {
    const many = new Uint8Array(300_001).map((_, place) => place * 7);
    expect(pass(many)).toStrictEqual(many);
    for (const length of [0, 1, 2, 3, 4, 5]) {
      expect(pass(many.slice(0, length))).toStrictEqual(many.slice(0, length));
    }
  });
});
