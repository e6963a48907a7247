import { describe, expect, it } from "vitest";
import type { Chunks } from "../../../../src/index.ts";
import {
  concat,
  distinct,
  drop,
  filter,
  flatMap,
  map,
  merge,
  pipe,
  reduceByKey,
  scan,
  take,
  takeWhile,
  tap,
  window,
  zip,
} from "../../../../src/adapters/operators.ts";

/** What an operator of another library gives, and ours for the same items. */
interface Case {
  /** The operator, as that library writes it, and the libraries that have it so. */
  readonly theirs: string;
  readonly ours: () => Chunks<unknown>;
  readonly gives: readonly unknown[];
  /** The order is that in which items come. */
  readonly isMixed?: boolean;
}

const items = [1, 2, 3];
const sum = (a: number, b: number) => a + b;

/** The same values: the names are those of RxJS 7, IxJS 7, streaming-iterables 8 and Effect 4. */
const same: readonly Case[] = [
  {
    theirs: "map((n) => n * 10) of RxJS, IxJS, streaming-iterables and Effect",
    ours: () => pipe(items, map((n) => n * 10)),
    gives: [10, 20, 30],
  },
  {
    theirs: "filter((n) => n % 2 === 1) of RxJS, IxJS, streaming-iterables and Effect",
    ours: () => pipe(items, filter((n) => n % 2 === 1)),
    gives: [1, 3],
  },
  {
    theirs: "concatMap((n) => [n, n * 10]) of RxJS and IxJS, flatMap of streaming-iterables",
    ours: () => pipe([1, 2], flatMap((n) => [n, n * 10])),
    gives: [1, 10, 2, 20],
  },
  {
    theirs: "flatMap((n) => Stream.make(n, n * 10)) of Effect",
    ours: () => pipe([1, 2], flatMap(async (n) => [n, n * 10])),
    gives: [1, 10, 2, 20],
  },
  {
    theirs: "tap of RxJS, IxJS, streaming-iterables and Effect",
    ours: () => pipe(items, tap((n) => n * 10)),
    gives: [1, 2, 3],
  },
  {
    theirs: "take(2) of RxJS, IxJS and Effect, take(2, items) of streaming-iterables",
    ours: () => pipe(items, take(2)),
    gives: [1, 2],
  },
  {
    theirs: "skip(1) of RxJS and IxJS, drop(1) of streaming-iterables and Effect",
    ours: () => pipe(items, drop(1)),
    gives: [2, 3],
  },
  {
    theirs: "takeWhile((n) => n < 3) of RxJS, IxJS, streaming-iterables and Effect",
    ours: () => pipe([1, 5, 2], takeWhile((n) => n < 3)),
    gives: [1],
  },
  {
    theirs: "scan(sum, 0) of RxJS, scan({ callback: sum, seed: 0 }) of IxJS",
    ours: () => pipe(items, scan(sum, () => 0)),
    gives: [1, 3, 6],
  },
  {
    theirs: "distinct() of RxJS and IxJS",
    ours: () => pipe([1, 1, 2, 1], distinct({ max: Infinity })),
    gives: [1, 2],
  },
  {
    theirs: "distinct(({ name }) => name) of RxJS",
    ours: () =>
      pipe(
        [{ name: "Ada", n: 1 }, { name: "Bob", n: 2 }, { name: "Ada", n: 3 }],
        distinct({ by: ({ name }) => name, max: Infinity }),
        map(({ n }) => n),
      ),
    gives: [1, 2],
  },
  {
    theirs: "bufferCount(2) of RxJS, buffer(2) of IxJS, batch(2) and grouped(2) of the others",
    ours: () => pipe(items, window({ size: 2 })),
    gives: [[1, 2], [3]],
  },
  {
    theirs: "groupBy((n) => n % 2) of RxJS with reduce(sum, 0) for each group",
    ours: () =>
      pipe(items, reduceByKey({ by: (n) => n % 2, init: () => 0, add: sum, max: Infinity })),
    gives: [[1, 4], [0, 2]],
  },
  {
    theirs: "concat of RxJS, IxJS, streaming-iterables and Effect",
    ours: () => concat([1, 2], [3], []),
    gives: [1, 2, 3],
  },
  {
    theirs: "merge of RxJS, IxJS, streaming-iterables and Effect",
    ours: () => merge([[1, 2], [3], []]),
    gives: [1, 2, 3],
    isMixed: true,
  },
  {
    theirs: "zip of RxJS, IxJS and Effect",
    ours: () => zip(items, ["a", "b"]),
    gives: [[1, "a"], [2, "b"]],
  },
];

/** Other values: docs/operators.md says why. */
const different: readonly (Case & { readonly theyGive: readonly unknown[] })[] = [
  {
    theirs: "scan(() => 0, sum) of Effect gives what it begins with as well",
    ours: () => pipe(items, scan(sum, () => 0)),
    gives: [1, 3, 6],
    theyGive: [0, 1, 3, 6],
  },
  {
    theirs: "takeWhile((n) => n < 3, true) of RxJS gives the item that ends it",
    ours: () => pipe([1, 5, 2], takeWhile((n) => n < 3)),
    gives: [1],
    theyGive: [1, 5],
  },
];

async function all(source: Chunks<unknown>): Promise<unknown[]> {
  const given: unknown[] = [];
  for await (const chunk of source.source) given.push(...chunk);
  return given;
}

describe("an operator that others have too", () => {
  it.each(same)("gives what is given by $theirs", async ({ ours, gives, isMixed = false }) => {
    const given = await all(ours());
    expect(isMixed ? given.sort() : given).toEqual(gives);
  });

  it.each(different)("is not the same where $theirs", async ({ ours, gives, theyGive }) => {
    expect(await all(ours())).toEqual(gives);
    expect(gives).not.toEqual(theyGive);
  });
});
