import { describe, expect, it } from "vitest";
import { filter, map, take, transformOf, window } from "../../../src/adapters/operators.ts";
import { outcomeOf, turns } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll, streamOf } from "../../support/streams/streams.ts";

describe("transformOf", () => {
  it("is a transform of a pipe", async () => {
    const numbers = Array.from({ length: 1_000 }, (_, n) => n);
    const even = transformOf(filter((n: number) => n % 2 === 0), map(async (n) => -n));
    expect(await readAll(streamOf(numbers).pipeThrough(even)))
      .toEqual({ chunks: numbers.filter((n) => n % 2 === 0).map((n) => -n) });
  });

  it("takes a bounded number of items while nobody reads", async () => {
    let given = 0;
    const source = new ReadableStream<number>({ pull: (output) => output.enqueue(given++) });
    const reader = source.pipeThrough(transformOf(map((n: number) => n))).getReader();
    await turns(5_000);
    expect(given).toBeLessThan(262);
    expect(await reader.read()).toEqual({ done: false, value: 0 });
  });

  it("gives what was written, then the error of the input", async () => {
    const fed = new FedStream<number>();
    const all = readAll(fed.stream.pipeThrough(transformOf(window<number>({ size: 2 }))));
    fed.give(1, 2, 3);
    await turns();
    fed.fail("source");
    expect(await all).toEqual({ chunks: [[1, 2], [3]], error: "source" });
  });

  it("fails on both sides with what a function throws", async () => {
    const fed = new FedStream<number>();
    const error = new Error("two");
    const all = readAll(fed.stream.pipeThrough(transformOf(map((n: number) => {
      if (n === 2) throw error;
      return n;
    }))));
    fed.give(1, 2, 3);
    expect(await all).toEqual({ chunks: [1], error });
    await turns();
    expect(fed.cancelled).toEqual([error]);
  });

  it("cancels its input when it is cancelled, and when it wants no more", async () => {
    const fed = new FedStream<number>();
    const reader = fed.stream.pipeThrough(transformOf(map((n: number) => n))).getReader();
    const cancelled = outcomeOf(reader.cancel("enough"));
    await turns();
    expect([fed.cancelled, cancelled.state]).toEqual([["enough"], "fulfilled"]);
    const other = new FedStream<number>();
    const all = readAll(other.stream.pipeThrough(transformOf(take<number>(1))));
    other.give(1, 2);
    expect(await all).toEqual({ chunks: [1] });
    await turns();
    expect(other.cancelled.length).toBe(1);
  });

  it("settles what is written and the close when its reader has gone", async () => {
    const { readable, writable } = transformOf(map((n: number) => n));
    const writer = writable.getWriter();
    const writes = Array.from({ length: 300 }, (_, n) => outcomeOf(writer.write(n)));
    const closed = outcomeOf(writer.close());
    await turns(400);
    await readable.cancel("enough");
    await turns();
    expect([closed.state, writes.at(-1)!.state]).toEqual(["rejected", "rejected"]);
  });

  it("refuses what is no operator", () => {
    expect(() => transformOf((() => {}) as never)).toThrow(
      "Cannot construct transformOf as 'operators' must be operators like map(…) or filter(…): ",
    );
  });
});
