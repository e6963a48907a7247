import { describe, expect, it } from "vitest";
import { chunks } from "../../../src/index.ts";
import {
  drop,
  map,
  pipe,
  streamOf,
  take,
  takeUntil,
  takeWhile,
} from "../../../src/adapters/operators.ts";
import { outcomeOf, turns } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll } from "../../support/streams/streams.ts";

/** Numbers from 1 on, and how many were read; told when they are returned. */
function* counting(told: { read: number; isReturned: boolean }): Generator<number> {
  try {
    for (;;) yield ++told.read;
  } finally {
    told.isReturned = true;
  }
}

describe("take", () => {
  it.each([
    ["alone", () => pipe(counting(told), take(3))],
    ["behind what maps", () => pipe(counting(told), map((n) => n + 1), take(3))],
    ["behind what drops", () => pipe(counting(told), drop(2), take(1))],
  ])("reads no more than it gives, %s, and cancels the source", async (_, make) => {
    Object.assign(told, { read: 0, isReturned: false });
    await readAll(streamOf<number>(make()));
    expect(told).toEqual({ read: 3, isReturned: true });
  });
  const told = { read: 0, isReturned: false };

  it("reads nothing for none, and cancels the source", async () => {
    const fed = new FedStream<number>();
    expect(await readAll(streamOf(pipe(fed.stream, take(0))))).toEqual({ chunks: [] });
    expect([fed.pulls, fed.cancelled]).toEqual([0, [undefined]]);
  });

  it("ends with its last item, without a read more", async () => {
    const fed = new FedStream<number>();
    const all = outcomeOf(readAll(streamOf(pipe(fed.stream, take(2)))));
    fed.give(1, 2);
    await turns();
    expect(all.value).toEqual({ chunks: [1, 2] });
  });

  it("tells why its source could not be cancelled", async () => {
    const error = new Error("held");
    const stream = new ReadableStream<number>({
      start: (output) => output.enqueue(1),
      cancel: () => Promise.reject(error),
    });
    expect(await readAll(streamOf(pipe(stream, take(1))))).toEqual({ chunks: [1], error });
  });

  it.each([-1, 1.5, Infinity, "2"])("refuses %o", (n) => {
    expect(() => take(n as number)).toThrow(
      /^Cannot construct take as 'n' must be an integer of at least 0: current value is /,
    );
    expect(() => drop(n as number)).toThrow(/^Cannot construct drop as 'n' must be an integer /);
  });
});

describe("takeWhile", () => {
  it("refuses a promise", async () => {
    const { error } = await readAll(streamOf(pipe([1], takeWhile((async () => true) as never))));
    expect(String(error)).toContain("Cannot take items as 'fn' must be a function that returns a ");
  });
});

describe("takeUntil", () => {
  it("ends at once when the signal aborts, and cancels what it reads", async () => {
    const stop = new AbortController();
    const fed = new FedStream<number[]>();
    const piped = pipe(chunks(fed.stream), map((n) => n * 2), takeUntil(stop.signal));
    const all = outcomeOf(readAll(streamOf(piped)));
    fed.give([1, 2]);
    await turns();
    stop.abort("enough");
    await turns();
    expect([all.value, fed.cancelled]).toEqual([{ chunks: [2, 4] }, ["enough"]]);
  });

  it("gives nothing if the signal has aborted", async () => {
    const fed = new FedStream<number>();
    const piped = pipe(fed.stream, takeUntil(AbortSignal.abort("before")));
    expect(await readAll(streamOf(piped))).toEqual({ chunks: [] });
    expect([fed.pulls, fed.cancelled]).toEqual([0, ["before"]]);
  });

  it.each([
    ["the end", (fed: FedStream<number>) => fed.close()],
    ["a failure", (fed: FedStream<number>) => fed.fail(new Error("source"))],
    ["a cancellation", (_: FedStream<number>, cancel: () => void) => cancel()],
    ["the signal", (_: FedStream<number>, _cancel: () => void, stop: () => void) => stop()],
  ])("leaves no listener after %s", async (_, end) => {
    const stop = new AbortController();
    let listeners = 0;
    const { signal } = stop;
    const listen = signal.addEventListener.bind(signal);
    const unlisten = signal.removeEventListener.bind(signal);
    signal.addEventListener = (
      ...args: Parameters<typeof listen>
    ) => (listeners++, listen(...args));
    signal.removeEventListener = (
      ...args: Parameters<typeof listen>
    ) => (listeners--, unlisten(...args));
    const fed = new FedStream<number>();
    const reader = streamOf(pipe(fed.stream, takeUntil(signal))).getReader();
    const read = outcomeOf(reader.read());
    await turns();
    expect(listeners).toBe(1);
    end(fed, () => void reader.cancel(), () => stop.abort());
    await turns();
    expect([read.state === "pending", listeners]).toEqual([false, 0]);
  });

  it("refuses what is no signal", () => {
    expect(() => takeUntil(5 as never)).toThrow(
      "Cannot construct takeUntil as 'signal' must be an AbortSignal: current value is 5",
    );
  });
});
