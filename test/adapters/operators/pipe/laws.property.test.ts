import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Chunks, chunks, type Source } from "../../../../src/index.ts";
import {
  concat,
  distinct,
  drop,
  filter,
  flatMap,
  map,
  merge,
  pipe,
  scan,
  take,
  tap,
  window,
} from "../../../../src/adapters/operators.ts";
import { runsOf } from "../../../support/operators/runs.ts";

type Fn = (n: number) => number;

/** Some functions, of which a law must hold for any. */
const fns = fc.constantFrom<Fn>((n) => n + 1, (n) => n * 3 % 17, (n) => -n, (n) => n % 4);
const tests = fc.constantFrom<(n: number) => boolean>((n) => n % 3 > 0, (n) => n > 4, () => false);
const manyFns = fc.constantFrom<(n: number) => number[]>(
  (n) => [n, n + 1],
  (n) => new Array<number>(Math.abs(n) % 3).fill(n),
  () => [],
);
/** Whether a function gives a promise; for some items, for all or for none. */
const waits = fc.constantFrom(0, 0, 1, 3);

function some<I, O>(each: number, fn: (item: I) => O, numberOf: (item: I) => number) {
  return (item: I): O | Promise<O> => {
    if (each === 0 || numberOf(item) % each !== 0) return fn(item);
    return Promise.resolve().then(() => fn(item));
  };
}
const own = (n: number) => Math.abs(n);

/** Items in arrays of any sizes, which may be empty. */
const cuts = fc.array(fc.array(fc.integer({ min: -9, max: 20 }), { maxLength: 6 }), {
  maxLength: 8,
});

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await undefined;
    yield item;
  }
}

/** The same items as an array, in arrays at once or later, and one by one. */
const shapes: readonly ((arrays: readonly number[][]) => Source<number>)[] = [
  (arrays) => arrays.flat(),
  (arrays) => chunks(arrays),
  (arrays) => chunks(later(arrays)),
  (arrays) => later(arrays.flat()),
];
const shape = fc.constantFrom(...shapes);

async function all<T>(source: Chunks<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const chunk of source.source) items.push(...chunk);
  return items;
}

const sorted = (items: readonly number[]) => [...items].sort((a, b) => a - b);
const settings = { seed: 16, numRuns: runsOf(60), timeout: 60_000 };

/** Both sides of a law give the same. */
async function hold<Given extends [unknown, ...unknown[]]>(
  given: { [Place in keyof Given]: fc.Arbitrary<Given[Place]> },
  sides: (...given: Given) => readonly [Chunks<unknown>, Chunks<unknown>],
): Promise<void> {
  await fc.assert(
    fc.asyncProperty<Given>(...given, async (...values) => {
      const [left, right] = sides(...values);
      expect(await all(left)).toEqual(await all(right));
    }),
    settings,
  );
}

describe("operators", () => {
  it("map by f and then by g as by g after f", () =>
    hold(
      [cuts, shape, fns, fns, waits],
      (arrays, make, f, g, each) => [
        pipe(make(arrays), map(some(each, f, own)), map(g)),
        pipe(make(arrays), map((n) => g(f(n)))),
      ],
    ));

  it("map by what changes nothing to the same", () =>
    hold([cuts, shape, waits], (arrays, make, each) => [
      pipe(make(arrays), map(some(each, (n: number) => n, own)), tap(() => "ignored")),
      pipe(arrays.flat()),
    ]));

  it("filter by f and then by g as by both", () =>
    hold([cuts, shape, tests, tests, waits], (arrays, make, f, g, each) => [
      pipe(make(arrays), filter(f), filter(some(each, g, own))),
      pipe(make(arrays), filter((n) => f(n) && g(n))),
    ]));

  it("filter what is mapped as they map what is filtered by its result", () =>
    hold([cuts, shape, fns, tests], (arrays, make, f, g) => [
      pipe(make(arrays), map(f), filter(g)),
      pipe(make(arrays), filter((n) => g(f(n))), map(f)),
    ]));

  it("take and filter in either order as arrays do", async () => {
    await fc.assert(
      fc.asyncProperty(cuts, shape, tests, fc.nat(9), waits, async (arrays, make, f, n, each) => {
        const test = some(each, f, own);
        const before = await all(pipe(make(arrays), filter(test), take(n)));
        expect(before).toEqual(arrays.flat().filter(f).slice(0, n));
        const after = await all(pipe(make(arrays), take(n), filter(test)));
        expect(after).toEqual(arrays.flat().slice(0, n).filter(f));
        const isBegin = after.every((item, index) => item === before[index]);
        expect(isBegin).toBe(true); // So that to filter first gives as much or more.
      }),
      settings,
    );
  });

  it("take and drop a source into two parts", () =>
    hold([cuts, shape, fc.nat(12)], (arrays, make, n) => [
      concat(pipe(make(arrays), take(n)), pipe(make(arrays), drop(n))),
      pipe(arrays.flat()),
    ]));

  it("take n of the first m as the fewer of both", () =>
    hold([cuts, shape, fc.nat(9), fc.nat(9)], (arrays, make, n, m) => [
      pipe(make(arrays), take(m), take(n)),
      pipe(make(arrays), take(Math.min(n, m))),
    ]));

  it("make rows of rows whichever comes first", () =>
    hold([cuts, shape, manyFns, manyFns, waits], (arrays, make, f, g, each) => [
      pipe(make(arrays), flatMap(some(each, f, own)), flatMap(g)),
      pipe(make(arrays), flatMap((n) => f(n).flatMap(g))),
    ]));

  it("make one row of each item as map does", () =>
    hold([cuts, shape, fns], (arrays, make, f) => [
      pipe(make(arrays), flatMap((n) => [f(n)])),
      pipe(make(arrays), map(f)),
    ]));

  it("leave what differs as it is when it is looked at again", () =>
    hold([cuts, shape], (arrays, make) => [
      pipe(make(arrays), distinct({ max: Infinity }), distinct({ max: Infinity })),
      pipe([...new Set(arrays.flat())]),
    ]));

  it("give the same whatever arrays items come in", () =>
    hold(
      [cuts, shape, fns, tests, fc.integer({ min: 1, max: 5 })],
      (arrays, make, f, g, size) => {
        const through = (source: Source<number>) =>
          pipe(
            source,
            map(f),
            scan((sum, n: number) => sum * 3 % 101 + n, () => 0),
            filter(g),
            window({ size }),
            flatMap((items) => [...items, items.length]),
          );
        return [through(make(arrays)), through(arrays.flat())];
      },
    ));
});

describe("sources that are joined", () => {
  const several = fc.array(fc.tuple(cuts, shape), { maxLength: 4 });
  const made = (given: readonly (readonly [number[][], typeof shapes[number]])[]) =>
    given.map(([arrays, make]) => make(arrays));

  it("have all items, one source after the other", () =>
    hold([several, fc.nat(3)], (given, cut) => [
      concat(concat(...made(given).slice(0, cut)), ...made(given).slice(cut)),
      pipe(given.flatMap(([arrays]) => arrays.flat())),
    ]));

  it("have all items, in the order of each source, whichever comes first", async () => {
    await fc.assert(
      fc.asyncProperty(several, fc.integer({ min: 1, max: 3 }), async (given, concurrency) => {
        const marked = made(given).map((source, index) =>
          pipe(source, map((n) => [index, n] as const))
        );
        const items = await all(merge(marked, { concurrency }));
        given.forEach(([arrays], index) => {
          expect(items.filter(([of]) => of === index).map(([, n]) => n)).toEqual(arrays.flat());
        });
        const expected = given.flatMap(([arrays]) => arrays.flat());
        expect(sorted(items.map(([, n]) => n))).toEqual(sorted(expected));
      }),
      settings,
    );
  });
});
