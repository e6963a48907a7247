import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batched } from "../../../src/streams/batched.ts";
import { chunks } from "../../../src/streams/chunks.ts";
import type { Source } from "../../../src/streams/source.ts";
import { type Outcome, outcomeOf, settle, turns } from "../../support/outcomes/outcome.ts";
import { seeded, stepsOf } from "../../support/streams/schedules.ts";
import { FedStream } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ends = ["close", "throw", "cancel", "sizeOf"] as const;
const steps = stepsOf({ give: 8, read: 3, turn: 3, wait: 2 });
const options = fc.record({
  batchSize: fc.integer({ min: 1, max: 5 }),
  timeout: fc.constantFrom(1, 10, 50, Infinity),
  onError: fc.constantFrom("flush" as const, "discard" as const),
});
const failure = new Error("broken");

/** A source of 0, 1, 2 and so on, in single items or in chunks, of one kind or another. */
class Feed {
  readonly stream = new FedStream<number | number[]>();
  readonly isChunked: boolean;
  readonly source: Source<number>;
  next = 0;

  constructor(isChunked: boolean, isIterable: boolean) {
    this.isChunked = isChunked;
    const { stream } = this.stream;
    const source = (isIterable ? iterate(stream) : stream) as ReadableStream<number[]>;
    this.source = isChunked ? chunks(source) : source as unknown as Source<number>;
  }

  give(size: number): void {
    if (!this.isChunked) return this.stream.give(this.next++);
    this.stream.give(Array.from({ length: size }, () => this.next++));
  }
}

async function* iterate<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

describe("batched() under random schedules", () => {
  const cases = fc.record({
    options,
    steps,
    isChunked: fc.boolean(),
    isIterable: fc.boolean(),
    isMeasured: fc.boolean(),
  });
  it.each(ends)("loses and repeats no item, and leaves nothing behind: %s", async (end) => {
    const property = fc.asyncProperty(cases, async (given) => {
      const { batchSize, onError } = given.options;
      const feed = new Feed(given.isChunked, given.isIterable);
      const sizeOf = (item: number) => {
        if (item < 0) throw failure;
        return 1;
      };
      const isMeasured = given.isMeasured || end === "sizeOf";
      const batches = batched(feed.source, { ...given.options, ...isMeasured ? { sizeOf } : {} });
      const reader = batches.getReader();
      const reads: Outcome[] = [];
      const received: number[] = [];
      const sizes = new Set<number>();
      const read = () => {
        const promise = reader.read();
        reads.push(outcomeOf(promise));
        promise.then(({ value }) => {
          if (value === undefined) return;
          sizes.add(value.length);
          received.push(...value);
        }, () => {});
      };
      for (const [step, number] of given.steps) {
        if (step === "give") feed.give(number % 8);
        else if (step === "read") read();
        else if (step === "turn") await turns();
        else await settle(number % 60);
        expect(received).toEqual(Array.from(received, (_, index) => index));
        // The timer of the bucket, and now and then a pause that lets others have a turn.
        expect(vi.getTimerCount()).toBeLessThanOrEqual(2);
      }
      const all = feed.next;
      let ended: Outcome | undefined;
      if (end === "close") feed.stream.close();
      else if (end === "throw") feed.stream.fail(failure);
      else if (end === "cancel") ended = outcomeOf(reader.cancel(failure));
      else feed.stream.give(given.isChunked ? [-1] : -1);
      do {
        read();
        await settle();
        expect(reads.at(-1)!.state).not.toBe("pending");
      } while (!isLast(reads.at(-1)!));
      expect(vi.getTimerCount()).toBe(0);
      expect(sizes.has(0)).toBe(false);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(batchSize);
      expect(ended?.state).toBe(end === "cancel" ? "fulfilled" : undefined);
      expect(received).toEqual(Array.from(received, (_, index) => index));
      // An error of a stream overtakes what its queue holds.
      if (end === "close" || (end === "sizeOf" && onError === "flush")) {
        expect(received).toHaveLength(all);
      }
      if (given.isIterable) return; // A generator that has not begun or is waiting ends by itself.
      expect(feed.stream.stream.locked).toBe(false);
      if (end !== "close" && end !== "throw") expect(feed.stream.cancelled).toHaveLength(1);
    });
    await fc.assert(property, seeded);
  });
});

/** Whether a read has met the end. */
function isLast({ state, value }: Outcome): boolean {
  return state === "rejected" || (value as ReadableStreamReadResult<unknown>).done;
}
