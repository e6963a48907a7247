import fc from "fast-check";
import { malformed } from "../../../src/index.ts";
import {
  distinct,
  drop,
  filter,
  flatMap,
  lookup,
  map,
  type Operator,
  reduceByKey,
  sample,
  scan,
  take,
  takeWhile,
  tap,
  window,
} from "../../../src/adapters/operators.ts";

/** What an operator does, item by item, as an array would: the model that operators are held against. */
export interface Model {
  /** Gives what becomes of an item; `"end"` where nothing more is wanted. */
  step(item: number): readonly number[] | "end";
  /** Gives what is left. */
  end?(): readonly number[];
  /** Nothing more is wanted. */
  isDone?(): boolean;
}

/** An operator and its model, made anew for each reading. */
export interface Sample {
  readonly name: string;
  readonly make: () => readonly Operator<number, number>[];
  readonly model: () => Model;
}

/** Thrown by the functions of a program. */
export class Thrown extends Error {}

const hash = (n: number) => Math.abs(Math.imul(n | 0, 2654435761) >> 7);

/** Answers at once, or some turns later. */
function answer<T>(value: () => T, turns: number): T | Promise<T> {
  if (turns === 0) return value();
  return (async () => {
    for (let turn = 0; turn < turns; turn++) await undefined;
    return value();
  })();
}

const calls = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  /** Every so many items there is a promise; 0 for never. */
  asyncEach: fc.constantFrom(0, 0, 1, 3),
  failsAt: fc.constantFrom(-1, -1, -1, -1, 5, 11),
});

type Call = typeof calls extends fc.Arbitrary<infer C> ? C : never;

function called<T>(
  { asyncEach, failsAt }: Call,
  fn: (n: number) => T,
): (n: number) => T | Promise<T> {
  return (n) => {
    const turns = asyncEach > 0 && hash(n) % asyncEach === 0 ? hash(n) % 7 + 1 : 0;
    return answer(() => {
      if (failsAt > 0 && hash(n) % 12 === failsAt) throw new Thrown(`${n}`);
      return fn(n);
    }, turns);
  };
}

/** The model of what is called for each item. */
function calling({ failsAt }: Call, fn: (n: number) => readonly number[]): () => Model {
  return () => ({
    step(n) {
      if (failsAt > 0 && hash(n) % 12 === failsAt) throw new Thrown(`${n}`);
      return fn(n);
    },
  });
}

/** Any operator. */
export const anySample: fc.Arbitrary<Sample> = fc.oneof(
  calls.map((call): Sample => ({
    name: `map ${JSON.stringify(call)}`,
    make: () => [map(called(call, (n) => n + 1), { concurrency: call.concurrency })],
    model: calling(call, (n) => [n + 1]),
  })),
  calls.map((call): Sample => ({
    name: `filter ${JSON.stringify(call)}`,
    make: () => [filter(called(call, (n) => n % 3 > 0), { concurrency: call.concurrency })],
    model: calling(call, (n) => n % 3 > 0 ? [n] : []),
  })),
  calls.map((call): Sample => ({
    name: `flatMap ${JSON.stringify(call)}`,
    make: () => [
      flatMap(called(call, (n) => new Array<number>(hash(n) % 3).fill(n)), {
        concurrency: call.concurrency,
      }),
    ],
    model: calling(call, (n) => new Array<number>(hash(n) % 3).fill(n)),
  })),
  calls.map((call): Sample => ({
    name: `tap ${JSON.stringify(call)}`,
    make: () => [tap(called(call, () => "ignored"), { concurrency: call.concurrency })],
    model: calling(call, (n) => [n]),
  })),
  fc.nat(12).map((count): Sample => ({
    name: `take ${count}`,
    make: () => [take(count)],
    model: () => {
      let left = count;
      return { step: (n) => (left--, [n]), isDone: () => left === 0 };
    },
  })),
  fc.nat(6).map((count): Sample => ({
    name: `drop ${count}`,
    make: () => [drop(count)],
    model: () => {
      let left = count;
      return { step: (n) => left > 0 ? (left--, []) : [n] };
    },
  })),
  fc.integer({ min: 5, max: 40 }).map((limit): Sample => ({
    name: `takeWhile ${limit}`,
    make: () => [takeWhile((n) => hash(n) % limit > 0)],
    model: () => ({ step: (n) => hash(n) % limit > 0 ? [n] : "end" }),
  })),
  fc.constant<Sample>({
    name: "scan",
    make: () => [scan((sum, n) => (sum + n) % 1000, () => 0)],
    model: () => {
      let sum = 0;
      return { step: (n) => [sum = (sum + n) % 1000] };
    },
  }),
  fc.integer({ min: 1, max: 5 }).map((max): Sample => ({
    name: `distinct ${max}`,
    make: () => [distinct({ by: (n) => n % 7, max })],
    model: () => {
      const known: number[] = [];
      return {
        step(n) {
          if (known.includes(n % 7)) return [];
          if (known.push(n % 7) > max) known.shift();
          return [n];
        },
      };
    },
  })),
  fc.record({ size: fc.integer({ min: 1, max: 5 }), isTimed: fc.boolean() }).map((
    { size, isTimed },
  ): Sample => ({
    name: `window ${size} ${isTimed}`,
    make: () =>
      [
        window<number>(isTimed ? { size, every: 1e9 } : { size }),
        map((items: number[]) => items.reduce((sum, n) => (sum * 31 + n) % 1009, 7)),
      ] as unknown as Operator<number, number>[],
    model: () => {
      let items: number[] = [];
      const end = () => {
        const given = items.length ? [items.reduce((sum, n) => (sum * 31 + n) % 1009, 7)] : [];
        items = [];
        return given;
      };
      return { step: (n) => items.push(n) === size ? end() : [], end };
    },
  })),
  fc.record({ max: fc.integer({ min: 1, max: 5 }), isTimed: fc.boolean() }).map((
    { max, isTimed },
  ): Sample => ({
    name: `reduceByKey ${max} ${isTimed}`,
    make: () =>
      [
        reduceByKey({
          by: (n: number) => n % 7,
          init: (key) => key,
          add: (sum, n) => (sum * 31 + n) % 1009,
          max,
          ...(isTimed ? { flushEvery: 1e9 } : {}),
        }),
        map(([key, sum]: [number, number]) => key * 1009 + sum),
      ] as unknown as Operator<number, number>[],
    model: () => {
      let states = new Map<number, number>();
      const end = () => {
        const given = [...states].map(([key, sum]) => key * 1009 + sum);
        states = new Map();
        return given;
      };
      return {
        step(n) {
          const key = n % 7;
          const given = !states.has(key) && states.size === max ? end() : [];
          states.set(key, ((states.get(key) ?? key) * 31 + n) % 1009);
          return given;
        },
        end,
      };
    },
  })),
  fc.record({
    batchSize: fc.integer({ min: 1, max: 5 }),
    cache: fc.integer({ min: 1, max: 5 }),
    maxWaiting: fc.integer({ min: 1, max: 5 }),
    turns: fc.nat(3),
  }).map(({ turns, ...options }): Sample => ({
    name: `lookup ${JSON.stringify({ turns, ...options })}`,
    make: () =>
      [
        lookup({
          key: (n: number) => n % 7,
          load: (keys: number[]) =>
            answer(
              () => keys.filter((key) => key !== 3).map((key) => [key, key * 2] as const),
              turns,
            ),
          ...options,
        }),
        map(([n, found]: [number, number | undefined]) => n + (found ?? -1)),
      ] as unknown as Operator<number, number>[],
    model: () => ({ step: (n) => [n + (n % 7 === 3 ? -1 : (n % 7) * 2)] }),
  })),
  fc.constant<Sample>({
    name: "sample",
    make: () => [sample({ rate: 1 })],
    model: () => ({ step: (n) => [n] }),
  }),
);

/** A negative number stands for an item that its source could not read. */
export function itemOf(n: number): number {
  return n < 0 ? malformed(n, new Error("broken")) : n;
}

/** Items, and what their source then fails with. */
export interface Modelled {
  readonly items: readonly number[];
  readonly error: unknown;
}

/** What the models of a program make of items: one model after the other, each for all items. */
export function modelled(samples: readonly Sample[], given: Modelled): Modelled {
  return samples.reduce((input, { model }) => modelOf(model(), input), given);
}

function modelOf(model: Model, { items, error }: Modelled): Modelled {
  const out: number[] = [];
  if (model.isDone?.()) return { items: out, error: undefined };
  for (const n of items) {
    if (n < 0) {
      out.push(n);
      continue;
    }
    try {
      const rows = model.step(n);
      if (rows === "end") return { items: out, error: undefined };
      out.push(...rows);
    } catch (error) {
      return { items: [...out, ...model.end?.() ?? []], error };
    }
    if (model.isDone?.()) return { items: out, error: undefined };
  }
  return { items: [...out, ...model.end?.() ?? []], error };
}
