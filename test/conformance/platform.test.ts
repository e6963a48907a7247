import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batched } from "../../src/streams/batched.ts";
import { BucketStream } from "../../src/streams/bucket.ts";
import { LoaderStream } from "../../src/streams/loader.ts";
import { ParallelMapStream } from "../../src/streams/parallel-map.ts";
import { Calls } from "../support/run/calls.ts";
import { outcomeOf, settle, turns } from "../support/outcomes/outcome.ts";
import { FedStream, readAll } from "../support/streams/streams.ts";

const { navigator } = globalThis as { navigator?: { userAgent: string } };
const isWorkerd = navigator?.userAgent === "Cloudflare-Workers";
const failure = new Error("broken");

describe("on every runtime", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("a map stops by its own signal while its source is idle", async () => {
    const source = new FedStream<number>();
    const stop = new AbortController();
    const map = new ParallelMapStream((n: number) => n, { signal: stop.signal });
    const all = outcomeOf(readAll(source.stream.pipeThrough(map)));
    await settle();
    stop.abort(failure);
    await settle();
    expect(all.value).toEqual({ chunks: [], error: failure });
    expect(source.cancelled).toEqual([failure]);
  });

  it("batched() stops while its source is idle, and leaves it cancelled and unlocked", async () => {
    const source = new FedStream<number>();
    const reader = batched(source.stream, { batchSize: 9 }).getReader();
    const read = outcomeOf(reader.read());
    source.give(1);
    await settle();
    const cancelled = outcomeOf(reader.cancel(failure));
    await settle();
    expect([cancelled.state, read.state]).toEqual(["fulfilled", "fulfilled"]);
    expect(source.cancelled).toEqual([failure]);
    expect(source.stream.locked).toBe(false);
  });

  it("a cancel at the end of three stages reaches an idle source", async () => {
    const source = new FedStream<number>();
    const reader = source.stream
      .pipeThrough(new ParallelMapStream((n: number) => n))
      .pipeThrough(new BucketStream<number>({ batchSize: 2 }))
      .pipeThrough(new ParallelMapStream((batch: number[]) => batch.length))
      .getReader();
    outcomeOf(reader.read());
    await settle();
    outcomeOf(reader.cancel(failure));
    await settle();
    expect(source.cancelled).toEqual([failure]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("a loader that fails while nothing is written rejects the pipe", async () => {
    const calls = new Calls<number>();
    const source = new FedStream<number>();
    const loader = new LoaderStream<number>(calls.run, { workers: 2 });
    const piped = outcomeOf(source.stream.pipeTo(loader));
    source.give(1);
    await settle();
    calls.begun[0]!.reject(failure);
    await settle();
    // Elsewhere than on workerd it is told at once.
    expect(piped.state).toBe(isWorkerd ? "pending" : "rejected");
    if (isWorkerd) source.close();
    await settle();
    expect(piped).toEqual({ state: "rejected", value: failure });
  });

  it("a loader that never settles stops a source through three stages", async () => {
    const source = new FedStream<number>((output) => output.enqueue(1));
    const calls = new Calls<number[]>();
    const piped = outcomeOf(
      source.stream
        .pipeThrough(new ParallelMapStream((n: number) => n, { concurrency: 2 }))
        .pipeThrough(new BucketStream<number>({ batchSize: 5 }))
        .pipeTo(new LoaderStream<number[]>(calls.run, { workers: 2 })),
    );
    await turns(5_000);
    // Two batches are loaded, one is held by the loader, one is in the pipe, two in the bucket; the
    // map holds what its window allows, and each pipe a chunk or two.
    const { pulls } = source;
    expect(pulls).toBeGreaterThanOrEqual(25);
    expect(pulls).toBeLessThanOrEqual(40);
    await turns(5_000);
    expect(source.pulls).toBe(pulls);
    calls.begun[0]!.reject(failure);
    calls.begun[1]!.resolve([]);
    await settle();
    expect(piped).toEqual({ state: "rejected", value: failure });
  });
});

describe("a source that is always ready", () => {
  it.each(["stream", "async iterable", "iterable"] as const)(
    "lets timers run while it is batched: %s",
    async (kind) => {
      let isOver = false;
      let count = 0;
      function* endless() {
        while (!isOver) yield count++;
      }
      async function* endlessAsync() {
        yield* endless();
      }
      const sources = {
        stream: () => new FedStream<number>((output) => output.enqueue(count++)).stream,
        "async iterable": endlessAsync,
        iterable: endless,
      };
      // One batch would take all, and no timer of its own stops it.
      const options = { batchSize: 10_000_000, timeout: Infinity };
      const reader = batched<number>(sources[kind](), options).getReader();
      const read = reader.read();
      await new Promise((resolve) => setTimeout(resolve, 0));
      isOver = true;
      await reader.cancel();
      expect((await read).done).toBe(true); // The timer fired before the source had ended.
    },
  );
});
