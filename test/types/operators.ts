// Checked by the compiler alone: types that flow through operators, without one written by hand.
import { expectTypeOf } from "vitest";
import { type Chunks, chunks, etl, skip } from "../../src/index.ts";
import {
  distinct,
  drop,
  filter,
  flatMap,
  lookup,
  map,
  type Operator,
  pipe,
  reduceByKey,
  sample,
  scan,
  streamOf,
  take,
  takeUntil,
  takeWhile,
  tap,
  transformOf,
  window,
} from "../../src/adapters/operators.ts";

interface Order {
  id: number;
  user: string | undefined;
  lines: { product: string; sum: bigint }[];
}

declare const orders: Order[];
declare const pages: AsyncGenerator<Order[]>;
declare const stream: ReadableStream<Order>;
declare const signal: AbortSignal;
declare function countsOf(products: string[]): Promise<Map<string, { count: number }>>;

// Ten operators, in the order of the data.
const ten = pipe(
  chunks(pages),
  filter(({ user }) => user !== undefined),
  tap(({ lines }) => lines.length),
  flatMap(({ id, lines }) => lines.map(({ product, sum }) => ({ id, product, sum }))),
  distinct({ by: ({ id, product }) => `${id} ${product}`, max: 1_000 }),
  lookup({ key: ({ product }) => product, load: countsOf }),
  map(([{ product, sum }, found]) => ({ product, sum, count: found?.count ?? null })),
  takeWhile(({ count }) => count !== 0),
  reduceByKey({
    by: ({ product }) => product,
    init: () => ({ total: 0n }),
    add: ({ total }, { sum }) => ({ total: total + sum }),
    max: 100,
  }),
  map(async ([product, { total }]) => [product, total] as const),
  window({ size: 2 }),
);
expectTypeOf(ten).toEqualTypeOf<Chunks<(readonly [string, bigint])[]>>();
expectTypeOf(streamOf(ten)).toEqualTypeOf<ReadableStream<(readonly [string, bigint])[]>>();

// Any source.
expectTypeOf(pipe(orders)).toEqualTypeOf<Chunks<Order>>();
expectTypeOf(pipe(stream, map(({ id }) => id))).toEqualTypeOf<Chunks<number>>();
expectTypeOf(pipe(pipe(orders, map(({ id }) => id)), map(String))).toEqualTypeOf<Chunks<string>>();

// A function that tells a type apart narrows; `skip` is no item.
expectTypeOf(pipe(["a", undefined], filter((item) => item !== undefined)))
  .toEqualTypeOf<Chunks<string>>();
expectTypeOf(pipe(["a", 1], takeWhile((item) => typeof item === "string")))
  .toEqualTypeOf<Chunks<string>>();
expectTypeOf(pipe([1, 2], map((n) => n > 1 ? `${n}` : skip))).toEqualTypeOf<Chunks<string>>();

// Those that only choose keep the type.
expectTypeOf(pipe(orders, take(1), drop(1), sample({ rate: 1 }), takeUntil(signal)))
  .toEqualTypeOf<Chunks<Order>>();
expectTypeOf(pipe(orders, scan((sum, { id }) => sum + id, () => 0)))
  .toEqualTypeOf<Chunks<number>>();

// A run is given the items.
etl({
  name: "ids",
  extract: () => pipe(orders, map(({ id }) => id)),
  load: (ids) => void expectTypeOf(ids).toEqualTypeOf<number[]>(),
});

// A transform names the type of what is written to it, if nothing else does.
const squares = transformOf(map((n: number) => n * n), map((n) => `${n}`));
expectTypeOf(squares).toEqualTypeOf<TransformStream<number, string>>();
expectTypeOf(map((n: number) => `${n}`)).toEqualTypeOf<Operator<number, string>>();

// @ts-expect-error: the operator takes numbers.
pipe(["a"], map((n: number) => n));
// @ts-expect-error: no boolean.
pipe([1], filter((n) => n));
