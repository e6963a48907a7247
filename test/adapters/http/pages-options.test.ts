import { describe, expect, it } from "vitest";
import { readPages } from "../../../src/adapters/http.ts";

const url = "https://api.example/rows";
const next = "link";
const read = readPages as (first: unknown, options: unknown) => unknown;
const withBody = () => new Request(url, { method: "POST", body: "x" });
const first = "a URL, a Request without a body, or a function: current value is";
const ways = '"link", { cursor }, { url }, { offset }, { page } or a function: current value is';

describe("readPages refuses", () => {
  it.each<readonly [string, unknown, unknown, string]>([
    ["no address", "https://", { next }, `'first' must be ${first} "https://"`],
    ["no first", undefined, { next }, `'first' must be ${first} undefined`],
    [
      "a body that is gone after one page",
      withBody(),
      { next },
      `'first' must be ${first} an instance of Request`,
    ],
    ["no options", url, undefined, "'options' must be an object: current value is undefined"],
    [
      "a wrong name",
      url,
      { next, item: "$" },
      "'item' must be a known option, perhaps 'items': current value is \"$\"",
    ],
    ["no next", url, {}, `'next' must be ${ways} undefined`],
    ["another next", url, { next: "links" }, `'next' must be ${ways} "links"`],
    ["a next of another kind", url, { next: { token: "a" } }, `'next' must be ${ways} an object`],
    [
      "a cursor at no path",
      url,
      { next: { cursor: "next", param: "a" } },
      '\'next.cursor\' must be a path such as "$.meta.next": current value is "next"',
    ],
    [
      "a cursor for no parameter",
      url,
      { next: { cursor: "$.next" } },
      "'next.param' must be given, unless 'first' is a function: current value is undefined",
    ],
    [
      "two ways",
      url,
      { next: { offset: "a", page: "b" } },
      "'next.page' must be omitted, as { offset } does not have it: current value is \"b\"",
    ],
    [
      "an offset that is no name",
      url,
      { next: { offset: undefined } },
      "'next.offset' must be a non-empty string: current value is undefined",
    ],
    [
      "no size",
      url,
      { next: { page: "a", size: 0 } },
      "'next.size' must be a positive integer: current value is 0",
    ],
    [
      "items at no path",
      url,
      { next, items: "data" },
      '\'items\' must be a path such as "$.meta.next", or a function: current value is "data"',
    ],
    [
      "a total of no kind",
      url,
      { next, total: {} },
      "'total' must be a path such as \"$.meta.next\", { header }, or a function: current value is an object",
    ],
    [
      "a key of no kind",
      url,
      { next, key: 5 },
      "'key' must be the name of a property, or a function: current value is 5",
    ],
    [
      "a lag of nothing",
      url,
      { next, lag: 0 },
      "'lag' must be a positive integer: current value is 0",
    ],
    [
      "another position",
      url,
      { next, from: "abc" },
      "'from' must be a position that these pages gave: current value is \"abc\"",
    ],
    [
      "a signal for fetch",
      url,
      { next, init: { signal: 1 } },
      "'init.signal' must be omitted, as 'signal' is an option: current value is 1",
    ],
    [
      "a limit by numbers",
      url,
      { next, limits: [1] },
      "'limits' must be a RateLimiter, or an array of them: current value is an array of 1",
    ],
    [
      "a retry of no kind",
      url,
      { next, retry: { attempts: 3 } },
      "'attempts' must be a known option, perhaps 'maxAttempts': current value is 3",
    ],
    ["no fetch", url, { next, fetch: "a" }, "'fetch' must be a function: current value is \"a\""],
  ])("%s", (_, first, options, message) => {
    expect(() => read(first, options)).toThrow(`Cannot read pages as ${message}`);
  });

  it("a position of another source, in a checkpoint", () => {
    const pages = readPages(url, { next });
    const checkpoint = { offset: 1, done: [], position: 5, updatedAt: 0 };
    expect(() => pages.extract({ checkpoint })).toThrow(
      "Cannot read pages as 'from' must be a position that these pages gave: current value is 5",
    );
  });

  it("an item that it has not given", () => {
    const pages = readPages(url, { next });
    expect(() => pages.position({})).toThrow(
      "Cannot tell the position of an item as 'item' must be an object of these pages, or be read " +
        "with 'positions: true': current value is an object",
    );
    expect(() => readPages(url, { next, positions: true }).position("a" as never)).toThrow(
      "Cannot tell the position of an item as 'item' must be an item of these pages: current value",
    );
  });
});
