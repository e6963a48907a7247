import { describe, expect, it } from "vitest";
import { testDeadLetters } from "../../../src/adapters/testing.ts";
import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";
import { repeatableLetters } from "../../../src/dead-letters/repeatable-letters.ts";
import { encodeItem } from "../../../src/dead-letters/dead-letter-json.ts";
import {
  ndjsonDeadLetters,
  readDeadLetters,
} from "../../../src/dead-letters/ndjson-dead-letters.ts";
import { readAll, streamOf } from "../../support/streams/streams.ts";
import { failuresOf } from "../../support/run/suite-failures.ts";

describe("testDeadLetters with letters as lines of JSON", () => {
  testDeadLetters(it, {
    create: () => {
      const written: Uint8Array[] = [];
      const stream = ndjsonDeadLetters(
        new WritableStream({ write: (bytes) => void written.push(bytes) }),
      );
      const letters = async () => (await readAll(readDeadLetters(streamOf(written)))).chunks;
      return { stream, letters };
    },
  });
});

describe("testDeadLetters with letters in memory", () => {
  testDeadLetters(it, { create: () => keep((letter) => letter) });
});

/** A store of what a function makes of the letters, or of several of them. */
function keep(
  copy: (letter: DeadLetter) => DeadLetter | DeadLetter[],
  sink: (kept: DeadLetter[]) => UnderlyingSink<DeadLetter> = () => ({}),
) {
  const kept: DeadLetter[] = [];
  const stream = new WritableStream<DeadLetter>({
    write: (letter) => void kept.push(...[copy(letter)].flat()),
    ...sink(kept),
  });
  return { stream, letters: () => kept };
}

/** A store that keeps several letters in its own way. */
function keepAll(
  writeAll: (
    kept: DeadLetter[],
    letters: readonly DeadLetter[],
    controller: { readonly signal: AbortSignal },
  ) => unknown,
) {
  const kept: DeadLetter[] = [];
  const stream = repeatableLetters({
    write: (letter) => void kept.push(letter),
    writeAll: (letters, controller) => writeAll(kept, letters, controller),
  });
  return { stream, letters: () => kept };
}

const facts = ["stage", "attempts", "pipeline", "runId", "offset", "at"] as const;
const withItem = (change: (item: unknown) => unknown) => () =>
  keep((letter) => ({
    ...letter,
    item: change(letter.item),
    ...("row" in letter && { row: change(letter.row) }),
  }));
const json = (item: unknown) => JSON.parse(JSON.stringify([item]))[0];
/** Changes what an item says of itself, and leaves the others. */
const spoil = (kind: abstract new (...parts: never[]) => object) =>
  withItem((item) => item instanceof kind ? json({ ...item }) : item);
const text = (item: unknown) => typeof item === "string" ? item.replace(/\0|\ud800/g, "") : item;
const refuse = (refuses: (item: unknown) => boolean) =>
  withItem((item) => {
    if (refuses(item)) throw new Error("no");
    return item;
  });
const isDeep = (item: unknown) =>
  Array.isArray(item) && encodeItem(item).includes("nested too deeply");

const mutants: [string, () => ReturnType<typeof keep>, string[]][] = [
  ["letters from before", () => {
    const store = keep((letter) => letter);
    store.letters().push({} as DeadLetter);
    return store;
  }, ["has no letters at first"]],
  ["letters that are kept at the end", () => {
    const waiting: DeadLetter[] = [];
    return keep((letter) => letter, (kept) => ({
      write: (letter) => void waiting.push(letter),
      close: () => void kept.push(...waiting),
    }));
  }, ["keeps a letter once its write has settled", "keeps what was written when it is aborted"]],
  ["the last letter first", () => {
    return keep((letter) => letter, (kept) => ({ write: (letter) => void kept.unshift(letter) }));
  }, ["keeps the order of letters that are written at once"]],
  ["the same letter once", () => {
    return keep((letter) => letter, (kept) => ({
      write: (letter) => {
        if (kept.at(-1)?.item !== letter.item) kept.push(letter);
      },
    }));
  }, ["keeps letters that are the same"]],
  ["letters that the close loses", () => {
    return keep((letter) => letter, (kept) => ({ close: () => void kept.pop() }));
  }, ["keeps all letters when it is closed"]],
  ["letters that an abort loses", () => {
    return keep((letter) => letter, (kept) => ({ abort: () => void (kept.length = 0) }));
  }, ["keeps what was written when it is aborted"]],
  ...facts.map((fact): (typeof mutants)[number] => [
    `no ${fact}`,
    () => keep(({ [fact]: _, ...letter }) => letter as DeadLetter),
    ["keeps what is told of a letter of a transform"],
  ]),
  ["no row", () => keep(({ row: _, ...letter }) => letter), [
    "keeps what is told of a letter of a load, with its row",
  ]],
  ["no message", () => keep((letter) => ({ ...letter, error: "Error" })), [
    "keeps what is told of a letter of a transform",
  ]],
  ["places of 32 bits", () => keep((letter) => ({ ...letter, offset: letter.offset | 0 })), [
    "keeps what is told of a letter of many attempts, far into a source",
  ]],
  [
    "ASCII names",
    () => keep((letter) => ({ ...letter, pipeline: letter.pipeline.replace(/[^ -~]/g, "?") })),
    [
      "keeps what is told of a letter of names in any script",
    ],
  ],
  ["letters of null left out", () => keep((letter) => letter.item === null ? [] : letter), [
    "keeps an item that is null",
  ]],
  ["undefined as null", withItem((item) => item ?? null), ["keeps an item that is undefined"]],
  ["text that is cut", withItem(text), ["keeps an item that is text of all kinds"]],
  [
    "short texts",
    withItem((item) => typeof item === "string" ? item.slice(0, 65_535) : item),
    ["keeps an item that is a large text"],
  ],
  ["items as JSON", withItem((item) => Array.isArray(item) && !isDeep(item) ? json(item) : item), [
    "keeps an item that is numbers of all kinds",
    "keeps an item that is a date",
  ]],
  ["bigints as numbers", withItem((item) => typeof item === "bigint" ? Number(item) : item), [
    "keeps an item that is a bigint",
  ]],
  ["bytes as objects", spoil(Uint8Array), ["keeps an item that is bytes"]],
  ["maps as objects", spoil(Map), ["keeps an item that is a map"]],
  ["sets as objects", spoil(Set), ["keeps an item that is a set"]],
  ["errors as objects", spoil(Error), ["keeps an item that is an error"]],
  ["buffers as objects", spoil(ArrayBuffer), ["keeps an item that is a buffer of bytes"]],
  ["expressions as objects", spoil(RegExp), ["keeps an item that is an expression"]],
  [
    "views as lists",
    withItem((item) => JSON.stringify(item) === '[{"0":null,"1":0,"2":1e+300},{}]' ? [] : item),
    ["keeps an item that is numbers in a view"],
  ],
  [
    "boxed values as such",
    withItem((item) => Array.isArray(item) && item[1] instanceof String ? item.map(String) : item),
    ["keeps an item that is a boxed value"],
  ],
  [
    "graphs without their objects",
    withItem((item) => item instanceof Map && item.has("cells") ? new Map() : item),
    ["keeps an item that is a graph of objects"],
  ],
  ["a Blob as an object", withItem((item) => item instanceof Blob ? {} : item), [
    "takes an item that is a Blob",
  ]],
  ["a WeakMap as an object", withItem((item) => item instanceof WeakMap ? {} : item), [
    "takes an item that is a WeakMap",
  ]],
  ["a promise as an object", withItem((item) => item instanceof Promise ? {} : item), [
    "takes an item that is a promise",
  ]],
  [
    "an instance as an object",
    withItem((item) =>
      typeof item === "object" && item !== null && Object.keys(item).length === 0 &&
        Object.getPrototypeOf(Object.getPrototypeOf(item) ?? {}) === Object.prototype
        ? {}
        : item
    ),
    ["takes an item that is an instance without properties"],
  ],
  [
    "objects without strange names",
    withItem((item) => item instanceof Object && "$" in item ? { ...item, $: 0 } : item),
    ["keeps an item that is an object of strange names"],
  ],
  ["functions refused", refuse((item) => typeof item === "function"), [
    "takes an item that is a function",
  ]],
  ["symbols refused", refuse((item) => typeof item === "symbol"), [
    "takes an item that is a symbol",
  ]],
  ["what JSON refuses refused", refuse((item) => JSON.stringify(item) === "never"), [
    "takes an item that is in a circle",
    "takes an item that is a getter that throws",
    "takes an item that is a proxy that throws",
    "takes an item that is a toJSON that throws",
  ]],
  ["depth refused", refuse(isDeep), ["takes an item that is nested too deeply"]],
  ["only the first of several letters", () => keepAll((kept, [first]) => void kept.push(first!)), [
    "keeps letters that are written together",
  ]],
  [
    "a part of several letters, where the rest is aborted",
    () =>
      keepAll(async (kept, letters, { signal }) => {
        for (const letter of letters) {
          signal.throwIfAborted();
          kept.push(letter);
          await null;
        }
      }),
    ["keeps all letters that are written together, or none of them"],
  ],
];

describe("testDeadLetters()", () => {
  it.each(mutants)("fails for %s", async (_, create, names) => {
    const failures = await failuresOf((it) => testDeadLetters(it, { create }));
    expect(failures).toEqual(expect.arrayContaining(names));
  });

  it("has no test that never fails", async () => {
    const names: string[] = [];
    testDeadLetters((name) => void names.push(name), { create: () => keep((letter) => letter) });
    const found = new Set(mutants.flatMap(([, , names]) => names));
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });

  it("destroys each store, even one that fails", async () => {
    let open = 0;
    const create = () => (open++, keep(() => []));
    const destroy = () => void open--;
    const failures = await failuresOf((it) => testDeadLetters(it, { create, destroy }));
    expect([open, failures.length > 10]).toEqual([0, true]);
  });
});
