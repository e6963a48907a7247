import { messageOf } from "../../errors.ts";
import type { Awaitable } from "../../checkpoints/checkpoint.ts";
import { decodeItem, encodeItem } from "../../dead-letters/dead-letter-json.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { letterSinkOf } from "../../dead-letters/repeatable-letters.ts";
import type { DefineTest } from "./define-test.ts";
import { expectSame } from "./expectations.ts";

/** The stream of dead letters under test. */
export interface DeadLetterStore {
  /** Accepts letters. */
  readonly stream: WritableStream<DeadLetter>;
  /** Reads the letters back, in the order in which they were written. */
  letters(): Awaitable<readonly DeadLetter[]>;
}

/** Creates the stream of dead letters under test. */
export interface DeadLetterSuite<S extends DeadLetterStore = DeadLetterStore> {
  /** Creates an empty store for letters, for one test. */
  create(): Awaitable<S>;
  /** Removes the store that `create` made, after the test, whatever its outcome. */
  destroy?(store: S): unknown;
}

/** Defines a test that is given a store, and the writer of its stream. */
type DefineLetterTest = (
  name: string,
  test: (writer: WritableStreamDefaultWriter<DeadLetter>, store: DeadLetterStore) => Promise<void>,
) => unknown;

/**
 * Defines the tests that every stream for dead letters must pass, with the `it` of any framework. A
 * letter is stored once its write has settled, whatever its item is. An error must keep its message; its
 * class may change.
 *
 * @example Letters in memory
 * ```ts
 * import type { DeadLetter } from "millrace";
 * import { testDeadLetters } from "millrace/testing";
 * import { ok } from "node:assert/strict";
 *
 * const tests: (() => void | Promise<void>)[] = [];
 * const it = (_name: string, test: () => void | Promise<void>) => tests.push(test); // Or vitest's.
 * testDeadLetters(it, {
 *   create: () => {
 *     const kept: DeadLetter[] = [];
 *     const stream = new WritableStream<DeadLetter>({ write: (letter) => void kept.push(letter) });
 *     return { stream, letters: () => kept };
 *   },
 * });
 * for (const test of tests) await test();
 * ok(tests.length > 10);
 * ```
 */
export function testDeadLetters<S extends DeadLetterStore>(
  it: DefineTest,
  suite: DeadLetterSuite<S>,
): void {
  const define: DefineLetterTest = (name, test) =>
    it(name, async () => {
      const store = await suite.create();
      try {
        await test(store.stream.getWriter(), store);
      } finally {
        await suite.destroy?.(store);
      }
    });
  testOrder(define);
  testFields(define);
  testStrangers(define);
}

function letterOf(item: unknown, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    ...{ item, error: new Error("no"), stage: "transform", attempts: 1, pipeline: "letters" },
    ...{ runId: "run-1", offset: 0, at: 1_700_000_000_000 },
    ...more,
  };
}

async function expectItems(store: DeadLetterStore, items: readonly unknown[]): Promise<void> {
  const found = (await store.letters()).map(({ item }) => item);
  expectSame("letters", found.length, items.length);
  expectSame("items", found, items);
}

function testOrder(define: DefineLetterTest): void {
  define("has no letters at first", async (_, store) => {
    await expectItems(store, []);
  });

  define("keeps a letter once its write has settled", async (writer, store) => {
    await writer.write(letterOf("one"));
    await expectItems(store, ["one"]);
    await writer.write(letterOf("two"));
    await expectItems(store, ["one", "two"]);
  });

  define("keeps the order of letters that are written at once", async (writer, store) => {
    const items = Array.from({ length: 20 }, (_, n) => n);
    await Promise.all(items.map((item) => writer.write(letterOf(item))));
    await expectItems(store, items);
  });

  define("keeps letters that are the same", async (writer, store) => {
    await writer.write(letterOf("one"));
    await writer.write(letterOf("one"));
    await expectItems(store, ["one", "one"]);
  });

  define("keeps all letters when it is closed", async (writer, store) => {
    for (const item of [1, 2, 3]) writer.write(letterOf(item)).catch(() => {}); // So does the close.
    await writer.close();
    await expectItems(store, [1, 2, 3]);
  });

  define("keeps letters that are written together", async (_, store) => {
    const sink = letterSinkOf(store.stream);
    if (sink?.writeAll === undefined) return; // A run has them written one by one.
    const large = Array.from({ length: 12 }, () => "long".repeat(25_000));
    const items = [...large, ...strangers().map(([, item]) => item)];
    await sink.writeAll(items.map((item) => letterOf(item)), new AbortController());
    const found = (await store.letters()).map(({ item }) => noted(item));
    expectSame("items", found, items.map(noted));
  });

  define("keeps all letters that are written together, or none of them", async (_, store) => {
    const sink = letterSinkOf(store.stream);
    if (sink?.writeAll === undefined) return;
    const letters = Array.from({ length: 15 }, () => letterOf("long".repeat(25_000)));
    const controller = new AbortController();
    const settled = Promise.allSettled([sink.writeAll(letters, controller)]);
    controller.abort();
    const [{ status }] = await settled;
    const { length } = await store.letters();
    expectSame("letters", length, status === "fulfilled" ? 15 : 0);
  });

  define("keeps what was written when it is aborted", async (writer, store) => {
    await writer.write(letterOf(1));
    await writer.abort(new Error("stop"));
    await expectItems(store, [1]);
  });
}

function testFields(define: DefineLetterTest): void {
  const facts: [name: string, more: Partial<DeadLetter>][] = [
    ["of a transform", {}],
    ["of a load, with its row", { stage: "load", row: { id: 1, tags: ["a", null] } }],
    ["of many attempts, far into a source", { attempts: 1000, offset: 2 ** 40 }],
    ["of names in any script", { pipeline: "a'b\"c\\d é\u{1F600}", runId: "läuft; --" }],
  ];
  for (const [name, more] of facts) {
    define(`keeps what is told of a letter ${name}`, async (writer, store) => {
      const letter = letterOf({ id: 1, name: "it's" }, more);
      await writer.write(letter);
      const letters = await store.letters();
      expectSame("letters", letters.length, 1);
      const { error, ...found } = letters[0]!;
      const { error: thrown, ...expected } = letter;
      expectSame("letter", found, expected);
      expectSame("message", messageOf(error), messageOf(thrown));
    });
  }
}

function testStrangers(define: DefineLetterTest): void {
  for (const [name, item] of strangers()) {
    define(`keeps an item that is ${name}`, async (writer, store) => {
      await writer.write(letterOf(item));
      await writer.write(letterOf(1, { stage: "load", row: item }));
      const letters = await store.letters();
      expectSame("letters", letters.length, 2);
      expectSame("item", noted(letters[0]!.item), noted(item));
      expectSame("row", noted(letters[1]!.row), noted(item));
    });
  }

  for (const [name, item] of misfits()) {
    define(`takes an item that is ${name}`, async (writer, store) => {
      await writer.write(letterOf(item));
      await writer.write(letterOf("next", { row: item, error: item, stage: "load" }));
      const letters = await store.letters();
      expectSame("letters", letters.length, 2);
      expectSame("the second item", letters[1]?.item, "next");
      expectSame("empty objects", isEmpty(letters[0]!.item) || isEmpty(letters[1]!.row), false);
    });
  }
}

/** Nothing is left of it, and nothing tells that. */
function isEmpty(item: unknown): boolean {
  return noted(item) === "{}";
}

/** A value as text, as it is once it was written and read. */
function noted(value: unknown): string {
  return encodeItem(decodeItem(encodeItem(value)));
}

/** Values that can be kept, but not by every JSON or database. */
function strangers(): [name: string, item: unknown][] {
  return [
    ["null", null],
    ["undefined", undefined],
    ["text of all kinds", "it's \"\\ \n \0 é\u{1F600} \ud800 ?$1:a%s"],
    ["a large text", "long".repeat(100_000)],
    ["numbers of all kinds", [-0, NaN, Infinity, -Infinity, 2 ** 53, 5e-324]],
    ["a bigint", 2n ** 64n],
    ["a date", [new Date(0), new Date(NaN)]],
    ["bytes", Uint8Array.of(0, 255)],
    ["a map", new Map<unknown, unknown>([[{ id: 1 }, undefined], [NaN, 7n]])],
    ["a set", new Set([undefined, 7n])],
    ["a buffer of bytes", Uint8Array.of(0, 255, 7).buffer],
    ["numbers in a view", [Float64Array.of(NaN, -0, 1e300), new DataView(new ArrayBuffer(3), 1)]],
    ["an expression", /[/"\\]\n/giu],
    ["a boxed value", [Object(7), Object("text"), Object(7n), Object(false)]],
    ["a graph of objects", graph()],
    ["an error", new TypeError("no", { cause: new Error("inner") })],
    [
      "an object of strange names",
      JSON.parse('{"__proto__":1,"":2,"$":3,"toJSON":4,"a\\u0000":5}'),
    ],
  ];
}

/** Objects that hold each other: written as a tree, they would be more than there is room for. */
function graph(): unknown {
  const cells = Array.from({ length: 100 }, (_, id) => ({ id, near: [] as unknown[] }));
  for (const [id, { near }] of cells.entries()) {
    for (const step of [1, -1, 10, -10]) if (cells[id + step]) near.push(cells[id + step]);
  }
  return new Map<unknown, unknown>([["cells", new Set(cells)], ["first", cells[0]]]);
}

/** Values that no text can hold. */
function misfits(): [name: string, item: unknown][] {
  const fail = (): never => {
    throw new Error("no");
  };
  const circle: unknown[] = [];
  circle.push({ circle });
  let deep: unknown = 0;
  for (let level = 0; level < 10_000; level++) deep = [deep];
  return [
    ["a function", () => {}],
    ["a symbol", Symbol("item")],
    ["a Blob", new Blob(["text"])],
    ["a WeakMap", new WeakMap()],
    ["a promise", Promise.resolve()],
    ["an instance without properties", new (class {})()],
    ["in a circle", circle],
    ["nested too deeply", deep],
    ["a getter that throws", Object.defineProperty({}, "id", { get: fail, enumerable: true })],
    ["a proxy that throws", new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail })],
    [
      "a toJSON that throws",
      new (class {
        toJSON = fail;
      })(),
    ],
  ];
}
