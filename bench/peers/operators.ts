import { Effect, Stream } from "effect";
import * as ix from "ix/Ix.asynciterable";
import * as ixOperators from "ix/Ix.asynciterable.operators";
import * as rxjs from "rxjs";
import * as iterables from "streaming-iterables";
import type { FivePeer, Row } from "./five-operators.ts";

/** The same in the words of each library. */
export const peers: Readonly<Record<string, FivePeer>> = {
  "RxJS": (pages, { isWanted, sumOf, isSmall, plusOne, labelOf }) =>
    rxjs.lastValueFrom(
      rxjs.from(pages).pipe(
        rxjs.mergeAll(),
        rxjs.filter(isWanted),
        rxjs.map(sumOf),
        rxjs.filter(isSmall),
        rxjs.map(plusOne),
        rxjs.map(labelOf),
        rxjs.count(),
      ),
    ),
  "IxJS": (pages, { isWanted, sumOf, isSmall, plusOne, labelOf }) =>
    ix.count(
      ix.from(pages).pipe(
        ixOperators.concatMap((page: Row[]) => page),
        ixOperators.filter(isWanted),
        ixOperators.map(sumOf),
        ixOperators.filter(isSmall),
        ixOperators.map(plusOne),
        ixOperators.map(labelOf),
      ),
    ),
  "streaming-iterables": (pages, { isWanted, sumOf, isSmall, plusOne, labelOf }) =>
    iterables.reduce(
      (total: number) => total + 1,
      0,
      iterables.pipeline(
        () => iterables.flatten(pages) as AsyncIterable<Row>,
        iterables.filter(isWanted),
        iterables.map(sumOf),
        iterables.filter(isSmall),
        iterables.map(plusOne),
        iterables.map(labelOf),
      ),
    ),
  "Effect": (pages, { isWanted, sumOf, isSmall, plusOne, labelOf }) =>
    Stream.fromIterable(pages).pipe(
      Stream.flattenIterable,
      Stream.filter(isWanted),
      Stream.map(sumOf),
      Stream.filter(isSmall),
      Stream.map(plusOne),
      Stream.map(labelOf),
      Stream.runCount,
      Effect.runPromise,
    ),
  "async generators": async (pages, { isWanted, sumOf, isSmall, plusOne, labelOf }) => {
    const rows = filtered(rowsOf(pages), isWanted);
    const sums = filtered(mapped(rows, sumOf), isSmall);
    let total = 0;
    for await (const { sum } of mapped(mapped(sums, plusOne), labelOf)) if (sum > 0) total++;
    return total;
  },
};

async function* rowsOf(pages: Iterable<Row[]>): AsyncGenerator<Row> {
  for (const page of pages) yield* page;
}

async function* mapped<I, O>(items: AsyncIterable<I>, fn: (item: I) => O): AsyncGenerator<O> {
  for await (const item of items) yield fn(item);
}

async function* filtered<I>(
  items: AsyncIterable<I>,
  fn: (item: I) => boolean,
): AsyncGenerator<I> {
  for await (const item of items) if (fn(item)) yield item;
}
