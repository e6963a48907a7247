import { describe, expect, it } from "vitest";
import { chunks, malformed } from "../../../src/index.ts";
import { map, pipe, streamOf } from "../../../src/adapters/operators.ts";
import { turns } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll } from "../../support/streams/streams.ts";

describe("streamOf", () => {
  it("reads nothing before it is read, and one array at a time", async () => {
    const fed = new FedStream<number[]>();
    const reader = streamOf(pipe(chunks(fed.stream), map((n) => n + 1))).getReader();
    await turns();
    expect(fed.pulls).toBe(0);
    const read = reader.read();
    fed.give([1, 2]);
    expect((await read).value).toBe(2);
    await turns();
    expect(fed.pulls).toBe(1);
    expect((await reader.read()).value).toBe(3);
    expect(fed.pulls).toBe(1);
  });

  it("fails at a malformed item, after what came before it, and cancels the source", async () => {
    const error = new Error("broken");
    const fed = new FedStream<number[]>();
    const all = readAll(streamOf(pipe(chunks(fed.stream), map((n) => n + 1))));
    fed.give([1, 2, malformed("x", error), 3]);
    expect(await all).toEqual({ chunks: [2, 3], error });
    expect(fed.cancelled).toEqual([error]);
  });

  it("cancels a source that was not read", async () => {
    const fed = new FedStream<number>();
    await streamOf(pipe(fed.stream)).cancel("unread");
    expect(fed.cancelled).toEqual(["unread"]);
  });

  it("locks a stream at once", () => {
    const fed = new FedStream<number>();
    streamOf(fed.stream);
    expect(() => streamOf(fed.stream)).toThrow(
      /^Cannot stream items as 'source' must be an unlocked stream: current value is an instance of /,
    );
  });
});
