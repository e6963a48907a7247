import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batched } from "../../../src/streams/batched.ts";
import { BucketStream } from "../../../src/streams/bucket.ts";
import { LoaderStream } from "../../../src/streams/loader.ts";
import { ParallelMapStream } from "../../../src/streams/parallel-map.ts";
import { RateLimitStream } from "../../../src/streams/rate-limit.ts";
import { Calls } from "../../support/run/calls.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = new Error("of the input");
const other = new Error("of a call");
const orders = [true, false];
const values = (outcomes: readonly { value?: unknown }[]) =>
  outcomes.map(({ value }) => (value as { value?: unknown } | undefined)?.value);

/** A map with three calls under way, and so many reads that wait. */
async function openMap(options: object, reads: number, count = 3) {
  const calls = new Calls<number>();
  const map = new ParallelMapStream<number, number>(calls.run, { concurrency: 3, ...options });
  const writer = map.writable.getWriter();
  const reader = map.readable.getReader();
  const pending = Array.from({ length: reads }, () => outcomeOf(reader.read()));
  const writes = Array.from({ length: count }, (_, n) => outcomeOf(writer.write(n)));
  await settle();
  return { calls, map, writer, reader, pending, writes };
}

async function openLoader(options: object) {
  const calls = new Calls<number>();
  const loader = new LoaderStream<number>(calls.run, { workers: 3, ...options });
  const writer = loader.getWriter();
  for (let n = 0; n < 3; n++) outcomeOf(writer.write(n));
  await settle();
  return { calls, writer };
}

describe("ParallelMapStream whose input is aborted", () => {
  it.each(orders)(
    "yields the results of running calls, then fails, ordered: %s",
    async (ordered) => {
      const { calls, writer, reader, pending, writes } = await openMap({ ordered }, 1, 6);
      const aborted = outcomeOf(writer.abort(failure));
      await settle();
      expect(calls.begun.map(({ signal }) => signal.aborted)).toEqual([false, false, false]);
      expect(writes.map(({ state }) => state).slice(3)).toEqual(Array(3).fill("rejected"));
      for (const call of calls.begun) call.resolve(call.item * 10);
      await settle();
      expect(aborted.state).toBe("fulfilled"); // Also where nobody reads.
      expect(calls.begun).toHaveLength(3);
      const closed = outcomeOf(reader.closed);
      await settle();
      expect(closed.state).toBe("pending");
      pending.push(outcomeOf(reader.read()), outcomeOf(reader.read()), outcomeOf(reader.read()));
      await settle();
      expect(values(pending.slice(0, 3))).toEqual([0, 10, 20]);
      expect([pending[3], closed]).toEqual(Array(2).fill({ state: "rejected", value: failure }));
    },
  );

  it("keeps a result that an abandoned read has left behind", async () => {
    const { calls, map, writer, reader } = await openMap({}, 1);
    reader.releaseLock();
    outcomeOf(writer.abort(failure));
    for (const call of calls.begun) call.resolve(call.item);
    await settle();
    expect(await readAll(map.readable)).toEqual({ chunks: [0, 1, 2], error: failure });
  });

  it("fails at once if no read has begun a call", async () => {
    const { writer, reader } = await openMap({}, 0);
    outcomeOf(writer.abort(failure));
    await expect(reader.read()).rejects.toBe(failure);
  });

  it.each(orders)("yields results while it closes too, ordered: %s", async (ordered) => {
    const { calls, writer, reader, pending } = await openMap({ ordered }, 1);
    const closing = outcomeOf(writer.close());
    await settle();
    outcomeOf(writer.abort(failure));
    for (const call of calls.begun) call.resolve(call.item);
    await settle();
    expect(closing).toEqual({ state: "rejected", value: failure });
    pending.push(outcomeOf(reader.read()), outcomeOf(reader.read()), outcomeOf(reader.read()));
    await settle();
    expect(values(pending.slice(0, 3))).toEqual([0, 1, 2]);
    expect(pending[3]).toEqual({ state: "rejected", value: failure });
  });

  it("fails fast if one of the running calls fails", async () => {
    const { calls, writer, pending } = await openMap({}, 1);
    const aborted = outcomeOf(writer.abort(failure));
    calls.begun[1]!.reject(other);
    await settle();
    expect(pending[0]).toEqual({ state: "rejected", value: other });
    expect(calls.begun[0]!.signal.reason).toBe(other);
    expect(aborted.state).toBe("pending");
    for (const call of [calls.begun[0]!, calls.begun[2]!]) call.resolve(0);
    await settle();
    expect(aborted).toEqual({ state: "rejected", value: other });
  });

  it("stops at once by its signal, or when it is cancelled", async () => {
    for (const isCancelled of [true, false]) {
      const user = new CountedSignal();
      const { calls, writer, reader, pending } = await openMap({ signal: user.signal }, 1);
      const aborted = outcomeOf(writer.abort(failure));
      const cancelled = isCancelled ? outcomeOf(reader.cancel(other)) : user.abort(other);
      for (const { signal } of calls.begun) expect(signal.reason).toBe(other);
      await settle();
      expect(pending[0]!.state).toBe(isCancelled ? "fulfilled" : "rejected");
      expect(aborted.state).toBe("pending");
      for (const call of calls.begun) call.reject(new Error("of a call that was aborted"));
      await settle();
      expect(aborted.state).toBe(isCancelled ? "fulfilled" : "rejected");
      expect(cancelled?.state).toBe(isCancelled ? "fulfilled" : undefined);
      expect(user.listeners).toBe(0);
    }
  });

  it.each(orders)('drops running calls at once with "discard", ordered: %s', async (ordered) => {
    const { calls, writer, pending } = await openMap({ ordered, onError: "discard" }, 2);
    const aborted = outcomeOf(writer.abort(failure));
    for (const { signal } of calls.begun) expect(signal.reason).toBe(failure);
    await settle();
    expect(pending).toEqual(Array(2).fill({ state: "rejected", value: failure }));
    for (const call of calls.begun) call.reject(other);
    await settle();
    expect(aborted.state).toBe("fulfilled");
  });
});

describe("LoaderStream whose input is aborted", () => {
  it("waits for running loads before abort() settles, and leaves no listener", async () => {
    const user = new CountedSignal();
    const { calls, writer } = await openLoader({ signal: user.signal });
    const aborted = outcomeOf(writer.abort(failure));
    await settle();
    expect(aborted.state).toBe("pending");
    expect(calls.begun[0]!.signal.aborted).toBe(false);
    for (const call of calls.begun) call.resolve(0);
    await settle();
    expect(aborted.state).toBe("fulfilled");
    expect(user.listeners).toBe(0);
  });

  it("rejects if a running load then fails", async () => {
    const { calls, writer } = await openLoader({});
    const aborted = outcomeOf(writer.abort(failure));
    calls.begun[2]!.reject(other);
    expect(calls.begun[0]!.signal.aborted).toBe(false);
    await settle();
    expect(calls.begun[0]!.signal.reason).toBe(other);
    for (const call of calls.begun.slice(0, 2)) call.resolve(0);
    await settle();
    expect(aborted).toEqual({ state: "rejected", value: other });
  });

  it.each(["flush", "discard"] as const)(
    "aborted by a pipe follows onError: %s",
    async (onError) => {
      const calls = new Calls<number>();
      const source = new FedStream<number>();
      const pipe = new AbortController();
      const loader = new LoaderStream<number>(calls.run, { workers: 3, onError });
      const piped = outcomeOf(source.stream.pipeTo(loader, { signal: pipe.signal }));
      source.give(1, 2);
      await settle();
      pipe.abort(failure);
      source.give(3); // workerd heeds the signal of a pipe only at the next chunk.
      await settle();
      expect(calls.begun[0]!.signal.aborted).toBe(onError === "discard");
      expect(piped.state).toBe("pending");
      for (const call of calls.begun) call.resolve(0);
      await settle();
      expect(piped).toEqual({ state: "rejected", value: failure });
    },
  );
});

describe("RateLimitStream whose input is aborted", () => {
  it.each(["flush", "discard"] as const)("yields the waiting item: %s", async (onError) => {
    const limited = new RateLimitStream<number>({ limit: 1, interval: 1_000, onError });
    const writer = limited.writable.getWriter();
    const reader = limited.readable.getReader();
    const reads = Array.from({ length: 3 }, () => outcomeOf(reader.read()));
    const writes = [1, 2, 3].map((item) => outcomeOf(writer.write(item)));
    await settle();
    const aborted = outcomeOf(writer.abort(failure));
    await settle(1_000);
    const refused = { state: "rejected", value: failure };
    expect(values(reads)).toEqual([1, onError === "flush" ? 2 : undefined, undefined]);
    expect(reads[2]).toEqual(refused);
    expect(writes[2]).toEqual(refused);
    expect(aborted.state).toBe("fulfilled");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps an item that an abandoned read has left behind", async () => {
    const limited = new RateLimitStream<number>({ limit: 1, interval: 1_000 });
    const writer = limited.writable.getWriter();
    const reader = limited.readable.getReader();
    outcomeOf(reader.read());
    outcomeOf(reader.read());
    outcomeOf(writer.write(1));
    outcomeOf(writer.write(2));
    await settle();
    reader.releaseLock();
    outcomeOf(writer.abort(failure));
    await settle(1_000);
    expect(await readAll(limited.readable)).toEqual({ chunks: [2], error: failure });
  });
});

describe("any error of the input of a stream", () => {
  const stages: Record<string, (onError: "flush" | "discard") => TransformStream<number, unknown>> =
    {
      BucketStream: (onError) => new BucketStream<number>({ batchSize: 9, onError }),
      ParallelMapStream: (onError) => new ParallelMapStream((n: number) => n, { onError }),
      RateLimitStream: (onError) => new RateLimitStream<number>({ limit: 9, interval: 1, onError }),
      batched: () => {
        const { readable, writable } = new TransformStream<number, number>();
        return { readable: batched(readable, { batchSize: 9 }), writable };
      },
    };
  const cases = Object.keys(stages).flatMap((name) =>
    [undefined, null, false, 0, "", new DOMException("mine", "AbortError")].flatMap((error) =>
      (["flush", "discard"] as const).map((onError) => ({ name, error, onError }))
    )
  );

  it.each(cases)("passes through unchanged: $error through $name, $onError", async (run) => {
    const { name, error, onError } = run;
    for (const items of [[], [1, 2]]) {
      const source = new FedStream<number>();
      const loader = new LoaderStream<unknown>(() => {}, { onError });
      const piped = outcomeOf(source.stream.pipeThrough(stages[name]!(onError)).pipeTo(loader));
      source.give(...items);
      await settle();
      source.fail(error);
      await settle(1_000);
      expect(piped).toEqual({ state: "rejected", value: error });
    }
  });
});
