import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batched } from "../../src/streams/batched.ts";
import { chunks } from "../../src/streams/chunks.ts";
import type { Source } from "../../src/streams/source.ts";
import { outcomeOf, settle } from "../support/outcomes/outcome.ts";
import { readAll, streamOf } from "../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = new Error("broken");
const items = [1, 2, 3, 4, 5];
const packs = [[1, 2], [], [3], [4, 5]];

async function* asyncOf<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values;
}

function* syncOf<T>(values: Iterable<T>): Generator<T> {
  yield* values;
}

/** An async iterable whose answers are what `wrap` makes of them, and no promises. */
function looseOf<T>(values: Iterable<T>, wrap: (answer: unknown) => unknown): AsyncIterable<T> {
  const iterator = values[Symbol.iterator]();
  const next = () => wrap(iterator.next()) as Promise<IteratorResult<T>>;
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

/** A stream of another make whose reader answers like that. */
function looseStreamOf<T>(
  values: Iterable<T>,
  wrap: (answer: unknown) => unknown,
): ReadableStream<T> {
  const iterator = values[Symbol.iterator]();
  const reader = { read: () => wrap(iterator.next()), cancel: () => {}, releaseLock: () => {} };
  return { locked: false, getReader: () => reader } as unknown as ReadableStream<T>;
}

/** Settles at once and twice, which a promise does not. */
function twice(answer: unknown): PromiseLike<unknown> {
  const then = (resolve: (answer: unknown) => void) => {
    resolve(answer);
    resolve(answer);
  };
  return { then } as PromiseLike<unknown>;
}

const sources: Record<string, () => Source<number>> = {
  "a ReadableStream": () => streamOf(items),
  "an async generator": () => asyncOf(items),
  "an async iterable that answers at once": () => looseOf(items, (answer) => answer),
  "an async iterable that answers twice": () => looseOf(items, twice),
  "a stream of another make that answers at once": () => looseStreamOf(items, (answer) => answer),
  "a stream of another make that answers twice": () => looseStreamOf(items, twice),
  "a generator": () => syncOf(items),
  "an array": () => items,
  "a Set": () => new Set(items),
  "an array of another make": () =>
    Object.assign([...items], { [Symbol.iterator]: () => syncOf(items) }),
  "chunks of a ReadableStream": () => chunks(streamOf(packs)),
  "chunks of an async generator": () => chunks(asyncOf(packs)),
  "chunks of a generator": () => chunks(syncOf(packs)),
  "chunks of an array": () => chunks(packs),
};

/** An iterator of 1, 2, 3 and so on that says what was done to it. */
class Iterators {
  next = 0;
  returned = 0;
  failAt = Infinity;
  onReturn = () => {};

  #step(): IteratorResult<number> {
    this.next++;
    if (this.next >= this.failAt) throw failure;
    return { done: false, value: this.next };
  }

  #end(): IteratorResult<number> {
    this.returned++;
    this.onReturn();
    return { done: true, value: undefined };
  }

  /** As an iterable. */
  sync(): Iterable<number> {
    return { [Symbol.iterator]: () => ({ next: () => this.#step(), return: () => this.#end() }) };
  }

  /** As an async iterable. */
  async(): AsyncIterable<number> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => await Promise.resolve(this.#step()),
        return: async () => await Promise.resolve(this.#end()),
      }),
    };
  }
}

describe("a source", () => {
  it.each(Object.entries(sources))("may be %s", async (_, source) => {
    const { chunks, error } = await readAll(batched(source(), { batchSize: 2 }));
    expect(error).toBeUndefined();
    expect(chunks).toEqual([[1, 2], [3, 4], [5]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    [5, "5"],
    [{}, "an object"],
    [() => [1], "a function"],
    [Promise.resolve([1]), "an instance of Promise"],
    [new WritableStream(), "an instance of WritableStream"],
  ])("is rejected if it is not one: %o", (source, shown) => {
    expect(() => batched(source as Source<number>)).toThrow(
      "Cannot batch source as 'source' must be a ReadableStream, an iterable, or one of them in " +
        `chunks(): current value is ${shown}`,
    );
  });

  it("is rejected if it is a locked stream", async () => {
    const source = streamOf(items);
    const reader = source.getReader();
    const sentence = "Cannot batch source as 'source' must be an unlocked stream: " +
      "current value is an instance of ReadableStream";
    expect(() => batched(source)).toThrow(sentence);
    expect(() => batched(chunks(source as ReadableStream<never>))).toThrow(sentence);
    expect((await reader.read()).value).toBe(1); // It was left as it was.
  });

  it.each(["items", "chunks"])("is unlocked after its end: %s", async (kind) => {
    const source = kind === "items" ? streamOf(items) : streamOf(packs);
    const opened = kind === "items"
      ? batched(source as ReadableStream<number>)
      : batched(chunks(source as ReadableStream<number[]>));
    expect(source.locked).toBe(true);
    await readAll(opened);
    expect(source.locked).toBe(false);
  });

  it.each(["sync", "async"] as const)("may fail at any item: %s", async (kind) => {
    for (const failAt of [1, 2, 3, 4, 5]) {
      const iterators = new Iterators();
      iterators.failAt = failAt;
      const { chunks, error } = await readAll(batched(iterators[kind](), { batchSize: 2 }));
      expect(error).toBe(failure);
      expect(chunks.flat()).toEqual([1, 2, 3, 4].slice(0, failAt - 1));
      expect(iterators.returned).toBe(0); // An iterator that throws has ended.
    }
  });

  it("may be a stream of another implementation that yields many items at once", async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => index);
    const batches = batched(looseStreamOf(many, twice), { batchSize: 20_000 });
    const reader = batches.getReader();
    const read = outcomeOf(reader.read());
    await vi.advanceTimersByTimeAsync(1000);
    expect(read.value).toEqual({ done: false, value: many });
  });

  it("may fail at any item without a promise", async () => {
    for (let failAt = 1; failAt <= 5; failAt++) {
      const iterators = new Iterators();
      iterators.failAt = failAt;
      const next = iterators.sync()[Symbol.iterator]();
      const source = { [Symbol.asyncIterator]: () => next as unknown as AsyncIterator<number> };
      const { chunks, error } = await readAll(batched(source, { batchSize: 2 }));
      expect(chunks.flat()).toEqual(items.slice(0, failAt - 1));
      expect([error, iterators.returned]).toEqual([failure, 0]);
    }
  });

  it.each(["sync", "async"] as const)("is read two batches ahead at most: %s", async (kind) => {
    const iterators = new Iterators();
    const reader = batched(iterators[kind](), { batchSize: 10 }).getReader();
    await reader.read();
    await settle();
    expect(iterators.next).toBe(30);
    await reader.cancel();
  });

  it.each(["sync", "async"] as const)("is returned once while it waits: %s", async (kind) => {
    const iterators = new Iterators();
    const reader = batched(iterators[kind](), { batchSize: 10 }).getReader();
    await reader.read();
    await settle();
    await reader.cancel();
    expect(iterators.returned).toBe(1);
    expect(iterators.next).toBe(30);
  });

  it.each(["sync", "async"] as const)("is returned if nothing was read: %s", async (kind) => {
    const iterators = new Iterators();
    await batched(iterators[kind]()).cancel();
    expect(iterators).toMatchObject({ returned: 1, next: 0 });
  });

  it.each(["sync", "async"] as const)("fails the run if its return() throws: %s", async (kind) => {
    for (const isBegun of [false, true]) {
      const iterators = new Iterators();
      iterators.onReturn = () => {
        throw failure;
      };
      const reader = batched(iterators[kind]()).getReader();
      if (isBegun) await reader.read();
      await settle();
      await expect(reader.cancel()).rejects.toBe(failure);
    }
  });

  it.each(["sync", "async"] as const)("is returned if a callback throws: %s", async (kind) => {
    const iterators = new Iterators();
    iterators.onReturn = () => {
      throw new Error("of return");
    };
    const sizeOf = (item: number) => {
      if (item === 3) throw failure;
      return 1;
    };
    const { chunks, error } = await readAll(batched(iterators[kind](), { batchSize: 9, sizeOf }));
    expect({ chunks, error }).toEqual({ chunks: [[1, 2]], error: failure });
    expect(iterators).toMatchObject({ returned: 1, next: 3 });
  });

  it("is returned while its next() is pending, without waiting for it", async () => {
    const gate = Promise.withResolvers<void>();
    let isReturned = false;
    async function* waiting() {
      try {
        yield 1;
        await gate.promise;
        yield 2;
      } finally {
        isReturned = true;
      }
    }
    const reader = batched(waiting(), { batchSize: 2 }).getReader();
    const read = outcomeOf(reader.read());
    await settle();
    const cancelled = outcomeOf(reader.cancel("enough"));
    await settle();
    expect(cancelled.state).toBe("fulfilled");
    expect(read.value).toEqual({ done: true, value: undefined });
    expect(vi.getTimerCount()).toBe(0);
    expect(isReturned).toBe(false);
    gate.resolve();
    await settle();
    expect(isReturned).toBe(true);
  });

  it.each(["resolves", "rejects"])("may settle late: its read %s", async (how) => {
    const late = Promise.withResolvers<IteratorResult<number>>();
    const source = { [Symbol.asyncIterator]: () => ({ next: () => late.promise }) };
    const reader = batched(source).getReader();
    const read = outcomeOf(reader.read());
    await settle();
    await reader.cancel("enough");
    if (how === "resolves") late.resolve({ done: false, value: 1 });
    else late.reject(failure);
    await settle();
    expect(read.value).toEqual({ done: true, value: undefined });
  });

  it.each(["sync", "async"] as const)("may have no return(): %s", async (kind) => {
    const next = () => ({ done: false, value: 1 });
    const source = kind === "sync"
      ? { [Symbol.iterator]: () => ({ next }) }
      : { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(next()) }) };
    const reader = batched(source as Iterable<number>).getReader();
    expect((await reader.read()).value).toEqual([1]);
    await reader.cancel();
  });

  it("may be a generator with its own methods, which are called once", async () => {
    const calls: string[] = [];
    const generator = Object.assign(asyncOf(items), {
      [Symbol.asyncIterator]: () => (calls.push("open"), generator),
      return: async () => (calls.push("return"), { done: true as const, value: undefined }),
    });
    const reader = batched(generator, { batchSize: 2 }).getReader();
    expect((await reader.read()).value).toEqual([1, 2]);
    await reader.cancel("enough");
    await settle();
    expect(calls).toEqual(["open", "return"]);
  });

  it("is unlocked if reading ends before it began", async () => {
    const source = streamOf(items);
    await batched(source).cancel("enough");
    expect(source.locked).toBe(false);
  });
});
