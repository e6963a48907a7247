import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ParallelMapOptions, ParallelMapStream } from "../../../src/streams/parallel-map.ts";
import { Calls } from "../../support/run/calls.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { type Outcome, outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll, streamOf } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = new Error("broken");
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const orders = [true, false];

/** A map of calls that the test ends, with both its ends taken, and everything under way. */
async function open(options: ParallelMapOptions, reads = 1, count = 6) {
  const calls = new Calls<number>();
  const map = new ParallelMapStream<number, number>(calls.run, { concurrency: 3, ...options });
  const writer = map.writable.getWriter();
  const reader = map.readable.getReader();
  const pending = numbers(reads).map(() => outcomeOf(reader.read()));
  const writes = numbers(count).map((n) => outcomeOf(writer.write(n)));
  await settle();
  return { calls, map, writer, reader, pending, writes };
}

const statesOf = (outcomes: Outcome[]) => outcomes.map(({ state }) => state);

describe("ParallelMapStream whose call fails", () => {
  it.each(orders)("fails at once, and begins no further call, ordered: %s", async (ordered) => {
    const { calls, writer, pending, writes } = await open({ ordered });
    const closed = outcomeOf(writer.closed);
    calls.begun[1]!.reject(failure);
    await settle();
    expect(pending[0]).toEqual({ state: "rejected", value: failure });
    expect(closed).toEqual({ state: "rejected", value: failure });
    expect(statesOf(writes)).toEqual([...Array(3).fill("fulfilled"), ...Array(3).fill("rejected")]);
    for (const { value } of writes.slice(3)) expect(value).toBe(failure);
    for (const { signal } of calls.begun) expect(signal.reason).toBe(failure);
    calls.begun[0]!.resolve(0);
    calls.begun[2]!.reject(new Error("too late"));
    await settle();
    expect(calls.begun).toHaveLength(3);
    expect(calls.running).toBe(0);
  });

  it.each(numbers(6))(
    "synchronously at item %i rejects, and begins no later call",
    async (place) => {
      for (const ordered of orders) {
        for (const concurrency of [1, 4]) {
          const seen: number[] = [];
          const map = new ParallelMapStream((n: number) => {
            seen.push(n);
            if (n === place) throw failure;
            return n;
          }, { concurrency, ordered });
          const source = new FedStream<number>();
          const all = outcomeOf(readAll(source.stream.pipeThrough(map)));
          source.give(...numbers(6));
          await settle();
          expect(all.value).toEqual({ chunks: numbers(place), error: failure });
          expect(seen).toEqual(numbers(place + 1));
          expect(source.cancelled).toEqual([failure]);
        }
      }
    },
  );

  it.each(orders)(
    "at the last item, as the input ends, fails the stream, ordered: %s",
    async (ordered) => {
      const map = new ParallelMapStream(
        (n: number) => n === 9 ? Promise.reject(failure) : Promise.resolve(n),
        { concurrency: 4, ordered },
      );
      const { error } = await readAll(streamOf(numbers(10)).pipeThrough(map));
      expect(error).toBe(failure);
    },
  );

  it.each(orders)("while it closes rejects the close, ordered: %s", async (ordered) => {
    const { calls, writer, pending } = await open({ ordered }, 1, 3);
    const closing = outcomeOf(writer.close());
    await settle();
    expect(closing.state).toBe("pending");
    calls.begun[2]!.reject(failure);
    await settle();
    expect(closing).toEqual({ state: "rejected", value: failure });
    expect(pending[0]).toEqual({ state: "rejected", value: failure });
    for (const call of calls.begun.slice(0, 2)) call.resolve(0);
  });

  it("with an AbortError of its own fails like any other", async () => {
    const error = new DOMException("of fetch", "AbortError");
    const { calls, pending } = await open({});
    calls.begun[0]!.reject(error);
    await settle();
    expect(pending[0]).toEqual({ state: "rejected", value: error });
  });

  it.each([undefined, null, 0, "text"])("with %o fails with exactly that", async (error) => {
    const { calls, pending } = await open({});
    calls.begun[0]!.reject(error);
    await settle();
    expect(pending[0]).toEqual({ state: "rejected", value: error });
  });

  it("with a thenable that throws, at any of its steps, fails with that", async () => {
    const thenables = [
      Object.defineProperty({}, "then", {
        get: () => {
          throw failure;
        },
      }),
      {
        then: () => {
          throw failure;
        },
      },
    ];
    for (const thenable of thenables) {
      const map = new ParallelMapStream<number, unknown>(() => thenable);
      const { error } = await readAll(streamOf([1]).pipeThrough(map));
      expect(error).toBe(failure);
      const later = outcomeOf(map.writable.abort());
      await settle();
      expect(later.state).not.toBe("pending");
    }
  });

  it.each(orders)("1000 times at once settles everything, ordered: %s", async (ordered) => {
    const errors = numbers(1_000).map((n) => new Error(`${n}`));
    const map = new ParallelMapStream((n: number) => Promise.reject(errors[n]), {
      concurrency: 1_000,
      ordered,
    });
    const writer = map.writable.getWriter();
    const writes = numbers(1_000).map((n) => outcomeOf(writer.write(n)));
    const closing = outcomeOf(writer.close());
    const { error } = await readAll(map.readable);
    await settle();
    expect(error).toBe(errors[0]);
    expect(statesOf([...writes, closing])).not.toContain("pending");
  });

  it("leaves the source cancelled once, and the pipe settled", async () => {
    const source = new FedStream<number>((output) => output.enqueue(1));
    const map = new ParallelMapStream(() => Promise.reject(failure), { concurrency: 4 });
    const piped = outcomeOf(source.stream.pipeTo(map.writable));
    await readAll(map.readable);
    await settle();
    expect(piped.state).not.toBe("pending"); // On workerd it is fulfilled.
    expect(source.cancelled).toEqual([failure]);
    expect(source.stream.locked).toBe(false);
  });
});

describe("ParallelMapStream that is stopped", () => {
  const stops = {
    cancel: ({ reader }) => reader.cancel(failure),
    abort: ({ writer }) => writer.abort(failure),
    "abort while it closes": ({ writer }) => {
      writer.close().catch(() => {});
      return writer.abort(failure);
    },
    "cancel while it closes": ({ writer, reader }) => {
      writer.close().catch(() => {});
      return reader.cancel(failure);
    },
  } satisfies Record<string, (map: Awaited<ReturnType<typeof open>>) => Promise<void>>;

  const cases = (Object.keys(stops) as (keyof typeof stops)[]).flatMap((stop) =>
    [3, 6].flatMap((count) => orders.map((ordered) => ({ stop, count, ordered })))
  );
  it.each(cases)(
    "settles when no call is running: $stop, $count items, ordered: $ordered",
    async ({ stop, count, ordered }) => {
      const run = await open({ ordered, onError: "discard" }, 2, count);
      const stopped = outcomeOf(stops[stop](run));
      await settle();
      for (const { signal } of run.calls.begun) expect(signal.reason).toBe(failure);
      run.calls.begun[0]!.resolve(0);
      run.calls.begun[1]!.reject(new Error("of a call that was aborted"));
      await settle();
      expect(stopped.state).toBe("pending");
      run.calls.begun[2]!.resolve(2);
      await settle();
      expect(stopped.state).not.toBe("pending");
      expect(run.calls.begun).toHaveLength(3);
      expect(statesOf([...run.writes, ...run.pending])).not.toContain("pending");
    },
  );

  it("settles its reader while it closes", async () => {
    const run = await open({ onError: "discard" }, 1, 3);
    outcomeOf(run.writer.close());
    await settle();
    outcomeOf(run.writer.abort(failure));
    await settle();
    expect(run.pending[0]).toEqual({ state: "rejected", value: failure });
    for (const call of run.calls.begun) call.resolve(0);
  });

  it("settles the write and the close that wait for the first read", async () => {
    for (const end of ["abort", "cancel"] as const) {
      const map = new ParallelMapStream((n: number) => n);
      const writer = map.writable.getWriter();
      const waiting = [outcomeOf(writer.write(1)), outcomeOf(writer.close())];
      await settle();
      const stopped = outcomeOf(end === "abort" ? writer.abort(1) : map.readable.cancel(1));
      await settle();
      expect(stopped.state).toBe("fulfilled");
      expect(statesOf(waiting)).toEqual(["rejected", "rejected"]);
    }
  });
});

describe("ParallelMapStream with a signal", () => {
  it("that has aborted before calls nothing", async () => {
    const calls = new Calls<number>();
    const user = new CountedSignal();
    user.abort(failure);
    const map = new ParallelMapStream<number, number>(calls.run, { signal: user.signal });
    const { error } = await readAll(streamOf([1, 2]).pipeThrough(map));
    expect(error).toBe(failure);
    expect(calls.begun).toEqual([]);
    expect(user.listeners).toBe(0);
  });

  it("fails with its reason at once, while calls run", async () => {
    const user = new CountedSignal();
    const { calls, writer, pending, writes } = await open({ signal: user.signal });
    const closed = outcomeOf(writer.closed);
    user.abort(failure);
    expect(calls.begun.map(({ signal }) => signal.reason)).toEqual(Array(3).fill(failure));
    await settle();
    expect([pending[0], writes[3], closed]).toEqual(
      Array(3).fill({ state: "rejected", value: failure }),
    );
    for (const call of calls.begun) call.resolve(0);
    await settle();
    expect(calls.begun).toHaveLength(3);
    expect(user.listeners).toBe(0);
  });

  it("ignores it after the end, and has no listener then", async () => {
    const user = new CountedSignal();
    const map = new ParallelMapStream((n: number) => n, { signal: user.signal });
    const writer = map.writable.getWriter();
    expect(user.listeners).toBe(1);
    const all = readAll(map.readable);
    await Promise.all([writer.write(1), writer.close()]);
    user.abort(failure);
    expect(await all).toEqual({ chunks: [1] });
    expect(user).toMatchObject({ listeners: 0, added: 1 });
  });

  it("that one of its calls aborts makes no further call", async () => {
    const user = new AbortController();
    const seen: number[] = [];
    const map = new ParallelMapStream((n: number) => {
      seen.push(n);
      user.abort(failure);
      return n;
    }, { signal: user.signal });
    const { chunks, error } = await readAll(streamOf([1, 2]).pipeThrough(map));
    expect({ chunks, error, seen }).toEqual({ chunks: [], error: failure, seen: [1] });
  });
});
