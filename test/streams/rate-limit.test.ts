import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { ConfigurationError } from "../../src/errors.ts";
import { RateLimiter } from "../../src/streams/rate-limiter.ts";
import { RateLimitStream } from "../../src/streams/rate-limit.ts";
import { skip } from "../../src/streams/skip.ts";
import { CountedSignal } from "../support/streams/counted-signal.ts";
import { type Outcome, outcomeOf, settle } from "../support/outcomes/outcome.ts";
import { FedStream, readAll, streamOf } from "../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Reads the stream of so many items as fast as it can, and notes when each comes. */
function open(limited: RateLimitStream<number>, count: number) {
  const begin = performance.now();
  const items: number[] = [];
  const times: number[] = [];
  const done = outcomeOf(
    streamOf(numbers(count)).pipeThrough(limited).pipeTo(
      new WritableStream({
        write: (item) => {
          items.push(item);
          times.push(performance.now() - begin);
        },
      }),
    ),
  );
  return { items, times, done };
}

describe("RateLimitStream", () => {
  it("passes all items in order, and at most the limit in an interval", async () => {
    const { items, times, done } = open(new RateLimitStream({ limit: 2, interval: 1_000 }), 5);
    await settle(999);
    expect(times).toEqual([0, 0]);
    for (let time = 0; time < 4; time++) await settle(1_000);
    expect(items).toEqual(numbers(5));
    expect(times).toEqual([0, 0, 1_000, 1_000, 2_000].map((time) => time && time + 999));
    expect(done.state).toBe("fulfilled");
    expect(vi.getTimerCount()).toBe(0);
  });

  // The second of two reads has to wait for the limiter, and nothing else may wait beside it.
  it.each([[2, 1], [1, 2]])(
    "yields no burst to a reader that was slow: a limit of %i, %i reads",
    async (limit, count) => {
      const limited = new RateLimitStream<number>({ limit, interval: 1_000 });
      const reader = streamOf(numbers(9)).pipeThrough(limited).getReader();
      const reads: Outcome[] = [];
      const read = (count: number) => {
        for (let n = 0; n < count; n++) reads.push(outcomeOf(reader.read()));
      };
      const given = () => reads.filter(({ state }) => state === "fulfilled").length;
      read(count);
      for (let time = 0; time < 10; time++) await settle(1_000);
      expect(given()).toBe(count);
      read(7);
      await settle();
      expect(given()).toBe(count + limit);
      await settle(999);
      expect(given()).toBe(count + limit);
      await settle(1);
      expect(given()).toBe(count + 2 * limit);
      reader.cancel();
      await settle();
    },
  );

  it("uses none of the limit while nobody reads", async () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    const limited = new RateLimitStream<number>(limiter);
    const piped = outcomeOf(streamOf(numbers(3)).pipeTo(limited.writable));
    await settle();
    expect(limiter.tryAcquire(3)).toBe(true);
    await settle(1_000);
    const reader = limited.readable.getReader();
    const read = outcomeOf(reader.read());
    await settle();
    expect(read.value).toEqual({ done: false, value: 0 });
    expect(limiter.tryAcquire(3)).toBe(false);
    expect(limiter.tryAcquire(2)).toBe(true);
    expect(piped.state).toBe("pending");
    reader.cancel();
    await settle();
  });

  it("applies backpressure to its source while an item waits", async () => {
    const source = new FedStream<number>((output) => output.enqueue(source.pulls));
    const limited = new RateLimitStream<number>({ limit: 1, interval: 1_000 });
    const reader = source.stream.pipeThrough(limited).getReader();
    const reads = numbers(5).map(() => outcomeOf(reader.read()));
    await settle();
    expect(source.pulls).toBeLessThanOrEqual(4);
    expect(reads.filter(({ state }) => state === "fulfilled")).toHaveLength(1);
    reader.cancel();
    await settle();
    expect(source.cancelled).toHaveLength(1);
  });

  it("shares a limiter, first come, first served", async () => {
    const limiter = new RateLimiter({ limit: 2, interval: 1_000 });
    const one = open(new RateLimitStream<number>(limiter), 4);
    const other = open(new RateLimitStream<number>(limiter), 4);
    const counts: number[] = [];
    for (let time = 0; time < 5; time++) {
      await settle();
      counts.push(one.items.length + other.items.length);
      await settle(1_000);
    }
    expect(counts).toEqual([2, 4, 6, 8, 8]);
    expect(one.items).toEqual(numbers(4));
    expect(other.items).toEqual(numbers(4));
    expect(one.times[2]).toBe(other.times[2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("makes no promise for an item that need not wait", async () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    const acquire = vi.spyOn(limiter, "acquire");
    const { items } = open(new RateLimitStream<number>(limiter), 4);
    await settle();
    expect(items).toEqual([0, 1, 2]);
    expect(acquire).toHaveBeenCalledTimes(1);
    await settle(1_000);
  });

  it("waits while its limiter is paused", async () => {
    const limiter = new RateLimiter({ limit: 2, interval: 1_000 });
    limiter.pause(5_000);
    const { times } = open(new RateLimitStream<number>(limiter), 2);
    await settle(4_999);
    expect(times).toEqual([]);
    await settle(1);
    expect(times).toEqual([5_000, 5_000]);
  });

  it.each([["now", 2], ["later", 1]])("passes any value on unchanged: %s", async (_, limit) => {
    const promise = Promise.resolve(5);
    const limited = new RateLimitStream<unknown>({ limit, interval: 10 });
    const read = outcomeOf(
      readAll(streamOf<unknown>([skip, undefined, promise]).pipeThrough(limited)),
    );
    for (let time = 0; time < 3; time++) await settle(10);
    const { chunks } = read.value as { chunks: unknown[] };
    expect(chunks).toHaveLength(3);
    expect(chunks[0]).toBe(skip);
    expect(chunks[1]).toBe(undefined);
    expect(chunks[2]).toBe(promise);
  });

  it("keeps the type of the items", () => {
    const limited = new RateLimitStream<number>({ limit: 1, interval: 1 });
    expectTypeOf(streamOf([1]).pipeThrough(limited)).toEqualTypeOf<ReadableStream<number>>();
  });
});

const ends = ["close", "throw", "cancel", "abort", "signal"] as const;
type End = typeof ends[number];
const reason = new Error("enough");

/** A stream with one item that has passed, one that waits for the limiter, and those behind it. */
async function begin(limiter: RateLimiter | undefined, count = 3) {
  const user = new CountedSignal();
  const { signal } = user;
  const limited = limiter === undefined
    ? new RateLimitStream<number>({ limit: 1, interval: 1_000, signal, onError: "discard" })
    : new RateLimitStream<number>(limiter, { signal, onError: "discard" });
  const input = new FedStream<number>();
  const piped = outcomeOf(input.stream.pipeTo(limited.writable));
  const reader = limited.readable.getReader();
  const reads = numbers(3).map(() => outcomeOf(reader.read()));
  input.give(...numbers(count));
  await settle();
  return { user, limited, input, piped, reader, reads };
}

function act(end: End, run: Awaited<ReturnType<typeof begin>>): unknown {
  switch (end) {
    case "close":
      return run.input.close();
    case "throw":
      return run.input.fail(reason);
    case "cancel":
      return run.reader.cancel(reason);
    case "signal":
      return run.user.abort(reason);
    case "abort":
      return undefined; // Of a writer: see below.
  }
}

const isShared = [false, true];
const cases = ends.filter((end) => end !== "abort")
  .flatMap((end) => isShared.map((isShared) => ({ end, isShared })));

describe("RateLimitStream at its end", () => {
  it.each(cases)("leaves nothing behind: $end, shared: $isShared", async ({ end, isShared }) => {
    const limiter = isShared ? new RateLimiter({ limit: 1, interval: 1_000 }) : undefined;
    // A pipe tells of an error only when all that it has read is written, so that none is behind.
    const run = await begin(limiter, end === "throw" ? 2 : 3);
    expect(run.reads.map(({ state }) => state)).toEqual(["fulfilled", "pending", "pending"]);
    expect(vi.getTimerCount()).toBe(1);
    expect(run.user.listeners).toBe(1);
    const acted = outcomeOf(act(end, run));
    await settle();
    if (end === "close") {
      expect(vi.getTimerCount()).toBe(1); // What was read is given in its time.
      await settle(1_000);
      await settle(1_000);
      expect(run.reads.map(({ value }) => (value as { value: number }).value)).toEqual(numbers(3));
    }
    expect(acted.state).toBe("fulfilled");
    expect(vi.getTimerCount()).toBe(0);
    expect(run.user.listeners).toBe(0);
    const isFine = end === "close" || end === "cancel"; // For the reader.
    const closed = outcomeOf(run.reader.closed);
    const refused = { state: "rejected", value: reason };
    await settle();
    expect(closed).toMatchObject(isFine ? { state: "fulfilled" } : refused);
    for (const read of run.reads.slice(1)) {
      expect(read).toMatchObject(isFine ? { state: "fulfilled" } : refused);
    }
    // A pipe of workerd takes a stream that fails on its own for one that is fine.
    expect(run.piped.state).not.toBe("pending");
    if (end === "close") expect(run.piped.state).toBe("fulfilled");
    else if (run.piped.state === "rejected" || end === "throw") expect(run.piped).toEqual(refused);
    expect(run.limited.writable.locked).toBe(false);
    if (limiter === undefined || end === "close") return;
    await settle(1_000);
    expect(limiter.tryAcquire()).toBe(true); // What was dropped has taken nothing.
  });

  it("leaves nothing behind: abort", async () => {
    const user = new CountedSignal();
    const rate = { limit: 1, interval: 1_000, onError: "discard" } as const;
    const limited = new RateLimitStream<number>({ ...rate, signal: user.signal });
    const writer = limited.writable.getWriter();
    const reader = limited.readable.getReader();
    const reads = numbers(2).map(() => outcomeOf(reader.read()));
    const writes = numbers(4).map((item) => outcomeOf(writer.write(item)));
    await settle();
    expect(vi.getTimerCount()).toBe(1);
    const aborted = outcomeOf(writer.abort(reason));
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    expect(user.listeners).toBe(0);
    expect(aborted.state).toBe("fulfilled");
    expect(reads[1]).toEqual({ state: "rejected", value: reason });
    for (const { state } of writes) expect(state).not.toBe("pending");
  });

  it("does not stop the other streams of its limiter", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
    const run = await begin(limiter);
    const other = open(new RateLimitStream<number>(limiter), 1);
    await settle();
    run.reader.cancel(reason);
    await settle(1_000);
    expect(other.times).toEqual([1_000]);
    await settle();
    expect(other.done.state).toBe("fulfilled");
  });

  it("rejects if its signal has aborted before", async () => {
    const signal = AbortSignal.abort(reason);
    const limited = new RateLimitStream<number>({ limit: 1, interval: 1_000, signal });
    const read = outcomeOf(limited.readable.getReader().read());
    const write = outcomeOf(limited.writable.getWriter().write(1));
    await settle();
    expect([read, write]).toEqual(Array(2).fill({ state: "rejected", value: reason }));
  });
});

describe("RateLimitStream: options", () => {
  const limiter = new RateLimiter({ limit: 1, interval: 1 });
  const rate = { limit: 1, interval: 1 };

  it.each([
    [[{ ...rate, limit: 0 }], "'limit' must be a positive integer: current value is 0"],
    [[undefined], "'limit' must be a positive integer: current value is undefined"],
    [[{ limit: 1 }], "'interval' must be a finite number above 0: current value is undefined"],
    [[{ ...rate, signal: 5 }], "'signal' must be an AbortSignal: current value is 5"],
    [[rate, { signal: 5 }], "'signal' must be an AbortSignal: current value is 5"],
    [[limiter, { signal: 5 }], "'signal' must be an AbortSignal: current value is 5"],
    [
      [{ ...rate, limits: 2 }],
      "'limits' must be a known option, perhaps 'limit': current value is 2",
    ],
    [[limiter, rate], "'limit' must be a known option, perhaps 'signal': current value is 1"],
  ])("are rejected with the whole sentence: %o", (args, sentence) => {
    const error = new ConfigurationError(`Cannot construct RateLimitStream as ${sentence}`);
    expect(() => Reflect.construct(RateLimitStream, args)).toThrow(error);
  });
});
