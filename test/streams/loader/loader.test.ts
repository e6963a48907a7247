import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { batched } from "../../../src/streams/batched.ts";
import { type LoaderOptions, LoaderStream } from "../../../src/streams/loader.ts";
import { Calls } from "../../support/run/calls.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { type Outcome, outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { FedStream, streamOf } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = new Error("broken");
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const statesOf = (outcomes: Outcome[]) => outcomes.map(({ state }) => state);

/** A loader whose loads the test ends, and to which `count` numbers are written. */
async function open(options: LoaderOptions, count: number) {
  const calls = new Calls<number>();
  const loader = new LoaderStream<number>(calls.run, options);
  const writer = loader.getWriter();
  const writes = numbers(count).map((n) => outcomeOf(writer.write(n)));
  await settle();
  return { calls, writer, writes };
}

describe("LoaderStream", () => {
  it.each([1, 2, 5])("runs %i loads at once, never more", async (workers) => {
    const { calls, writer, writes } = await open({ workers }, 20);
    const closing = outcomeOf(writer.close());
    for (let n = 0; n < 20; n++) {
      expect(calls.running).toBe(Math.min(workers, 20 - n));
      // A write is accepted as its load begins.
      const accepted = writes.filter(({ state }) => state === "fulfilled").length;
      expect(accepted).toBe(Math.min(n + workers, 20));
      expect(closing.state).toBe("pending");
      calls.begun[n]!.resolve(n);
      await settle();
    }
    expect(closing.state).toBe("fulfilled");
    expect(calls.items).toEqual(numbers(20));
    expect(calls.most).toBe(workers);
  });

  it("loads one batch at a time by default, by a function that need not be async", async () => {
    const loaded: number[] = [];
    await streamOf(numbers(5)).pipeTo(new LoaderStream<number>((n) => void loaded.push(n)));
    expect(loaded).toEqual(numbers(5));
  });

  it("starts the next load with the first free worker", async () => {
    const { calls } = await open({ workers: 2 }, 4);
    calls.begun[1]!.resolve(1);
    await settle();
    expect(calls.items).toEqual([0, 1, 2]);
    calls.begun[2]!.resolve(2);
    await settle();
    expect(calls.items).toEqual([0, 1, 2, 3]);
    for (const call of [calls.begun[0]!, calls.begun[3]!]) call.resolve(0);
  });

  it("closes at once if nothing was written", async () => {
    await new LoaderStream(() => {}).close();
  });

  it("applies backpressure to the source", async () => {
    let next = 0;
    const source = new FedStream<number>((output) => output.enqueue(next++));
    const calls = new Calls<number[]>();
    const loader = new LoaderStream<number[]>(calls.run, { workers: 2 });
    const piped = outcomeOf(batched(source.stream, { batchSize: 5 }).pipeTo(loader));
    await settle();
    // Two are loaded, one is held, one may be in the pipe, and two wait in the bucket.
    expect(source.pulls).toBeLessThanOrEqual(6 * 5);
    const writes = source.pulls;
    await settle();
    expect(source.pulls).toBe(writes);
    calls.begun[0]!.reject(failure);
    await settle();
    for (const call of calls.begun.slice(1)) call.resolve([]);
    await settle();
    expect(piped).toEqual({ state: "rejected", value: failure });
    expect(source.cancelled).toEqual([failure]);
  });

  it("passes each load its sequence and one signal", async () => {
    const { calls, writer } = await open({ workers: 2 }, 2);
    expect(calls.begun.map(({ index }) => index)).toEqual([0, 1]);
    expect(calls.begun[0]!.signal).toBe(calls.begun[1]!.signal);
    for (const call of calls.begun) call.resolve(0);
    await writer.close();
    expect(calls.begun[0]!.signal.aborted).toBe(false);
  });

  it("is a WritableStream of its items", () => {
    const loader = new LoaderStream((batch: string[]) => batch.length);
    expectTypeOf(loader).toExtend<WritableStream<string[]>>();
    expect(loader).toBeInstanceOf(WritableStream);
  });

  it.each([
    [[], "'load' must be a function: current value is undefined"],
    [["x"], `'load' must be a function: current value is "x"`],
    [[Number, { workers: 0 }], "'workers' must be a positive integer: current value is 0"],
    [[Number, { workers: 1.5 }], "'workers' must be a positive integer: current value is 1.5"],
    [[Number, { signal: 1 }], "'signal' must be an AbortSignal: current value is 1"],
    [
      [Number, { worker: 2 }],
      "'worker' must be a known option, perhaps 'workers': current value is 2",
    ],
    [[Number, null], "'options' must be an object: current value is null"],
  ])("throws for %o with the whole sentence", (given, sentence) => {
    expect(() => Reflect.construct(LoaderStream, given)).toThrow(
      expect.objectContaining({
        name: "ConfigurationError",
        message: `Cannot construct LoaderStream as ${sentence}`,
      }),
    );
  });

  it("ignores undefined options", () => {
    const options = { workers: undefined, signal: undefined };
    expect(new LoaderStream(Number, options)).toBeInstanceOf(LoaderStream);
  });
});

describe("LoaderStream whose load fails", () => {
  it("aborts the others with the user's own error, and begins no further load", async () => {
    const { calls, writer, writes } = await open({ workers: 3 }, 6);
    calls.begun[1]!.reject(failure);
    await settle();
    expect(calls.begun.map(({ signal }) => signal.reason)).toEqual(Array(3).fill(failure));
    expect(statesOf(writes)).toEqual([...Array(3).fill("fulfilled"), ...Array(3).fill("rejected")]);
    for (const { value } of writes.slice(3)) expect(value).toBe(failure);
    calls.begun[0]!.reject(new Error("too late"));
    calls.begun[2]!.resolve(0);
    await settle();
    await expect(writer.write(9)).rejects.toBe(failure);
    expect(calls.begun).toHaveLength(3);
  });

  it.each([0, 1, 2, 3, 4])("synchronously at load %i rejects a pipe", async (place) => {
    for (const workers of [1, 3]) {
      const loaded: number[] = [];
      const source = new FedStream<number>();
      const loader = new LoaderStream<number>((n) => {
        if (n === place) throw failure;
        loaded.push(n);
      }, { workers });
      const piped = outcomeOf(source.stream.pipeTo(loader));
      source.give(...numbers(5));
      source.close();
      await settle();
      expect(piped).toEqual({ state: "rejected", value: failure });
      expect(loaded).toEqual(numbers(place));
    }
  });

  it.each([1, 4, 9])(
    "in all of %i workers at once rejects a pipe with the first",
    async (workers) => {
      const calls = new Calls<number>();
      const source = new FedStream<number>((output) => output.enqueue(1));
      const loader = new LoaderStream<number>(calls.run, { workers });
      const piped = outcomeOf(source.stream.pipeTo(loader));
      await settle();
      const errors = calls.begun.map(({ index }) => new Error(`${index}`));
      for (const [index, call] of calls.begun.entries()) call.reject(errors[index]);
      await settle();
      expect(piped).toEqual({ state: "rejected", value: errors[0] });
      expect(source.cancelled).toEqual([errors[0]]);
      expect(source.stream.locked).toBe(false);
      expect(calls.begun).toHaveLength(workers);
    },
  );

  it("as the last, while it closes, rejects the close and the pipe", async () => {
    for (const workers of [1, 3]) {
      const loader = new LoaderStream(
        (n: number) => n === 4 ? Promise.reject(failure) : Promise.resolve(),
        { workers },
      );
      await expect(streamOf(numbers(5)).pipeTo(loader)).rejects.toBe(failure);
    }
    const { calls, writer } = await open({ workers: 2 }, 2);
    const closing = outcomeOf(writer.close());
    await settle();
    calls.begun[1]!.reject(failure);
    await settle();
    expect(closing).toEqual({ state: "rejected", value: failure });
    calls.begun[0]!.resolve(0);
  });
});

describe("LoaderStream that is stopped", () => {
  it.each([[2, false], [6, false], [2, true]])(
    "by abort() settles after the last load, and discards at once: %i writes, closing: %s",
    async (count, isClosing) => {
      const { calls, writer, writes } = await open({ workers: 2, onError: "discard" }, count);
      if (isClosing) outcomeOf(writer.close());
      await settle();
      const aborted = outcomeOf(writer.abort(failure));
      expect(calls.begun.map(({ signal }) => signal.reason)).toEqual([failure, failure]);
      await settle();
      calls.begun[0]!.reject(new Error("of a load that was aborted"));
      await settle();
      expect(aborted.state).toBe("pending");
      calls.begun[1]!.resolve(0);
      await settle();
      expect(aborted.state).not.toBe("pending");
      expect(calls.begun).toHaveLength(2);
      expect(statesOf(writes)).not.toContain("pending");
    },
  );

  it("fails at once by its signal, settles what waits and leaves no listener", async () => {
    const user = new CountedSignal();
    const { calls, writer, writes } = await open({ workers: 2, signal: user.signal }, 4);
    expect(user.listeners).toBe(1);
    user.abort(failure);
    expect(calls.begun.map(({ signal }) => signal.reason)).toEqual([failure, failure]);
    await settle();
    expect(user.listeners).toBe(0);
    expect(writes[2]).toEqual({ state: "rejected", value: failure });
    await expect(writer.write(9)).rejects.toBe(failure);
    for (const call of calls.begun) call.resolve(0);
    await settle();
    expect(calls.begun).toHaveLength(2);
  });

  it("rejects the close by its signal while it closes", async () => {
    const user = new CountedSignal();
    const { calls, writer } = await open({ signal: user.signal }, 1);
    const closing = outcomeOf(writer.close());
    await settle();
    user.abort(failure);
    await settle();
    expect(closing).toEqual({ state: "rejected", value: failure });
    calls.begun[0]!.resolve(0);
  });

  it("loads nothing and rejects a pipe if its signal has aborted before", async () => {
    const user = new CountedSignal();
    user.abort(failure);
    const calls = new Calls<number>();
    const loader = new LoaderStream<number>(calls.run, { signal: user.signal });
    await expect(streamOf([1]).pipeTo(loader)).rejects.toBe(failure);
    expect(calls.begun).toEqual([]);
    expect(user.listeners).toBe(0);
  });

  it("ignores its signal after the end, and has no listener then", async () => {
    const user = new CountedSignal();
    const loader = new LoaderStream(() => {}, { signal: user.signal });
    await streamOf([1]).pipeTo(loader);
    expect(user).toMatchObject({ listeners: 0, added: 1 });
    user.abort(failure);
    await loader.getWriter().closed;
  });
});
