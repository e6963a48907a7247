import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BucketStream } from "../../../src/streams/bucket.ts";
import { type Outcome, outcomeOf, settle, turns } from "../../support/outcomes/outcome.ts";
import { seeded, stepsOf } from "../../support/streams/schedules.ts";
import { FedStream } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Limits = {
  batchSize: number;
  timeout: number;
  maxBytes: number;
  onError: "flush" | "discard";
};

const ends = ["close", "throw", "cancel", "abort", "signal"] as const;
const steps = stepsOf({ write: 8, read: 3, turn: 3, wait: 2 });
const options: fc.Arbitrary<Limits> = fc.record({
  batchSize: fc.integer({ min: 1, max: 5 }),
  timeout: fc.constantFrom(1, 10, 50, Infinity),
  maxBytes: fc.constantFrom(3, 8, Infinity),
  onError: fc.constantFrom("flush" as const, "discard" as const),
});

const failure = new Error("broken");
const sizeOf = (item: number) => {
  if (item < 0) throw failure;
  return item % 4;
};
const flushWhen = (item: number) => item % 7 === 6;

/** A bucket under a random schedule, with what it took and what it gave. */
class Trial {
  readonly taken: { item: number; at: number }[] = [];
  readonly batches: number[][] = [];
  readonly reads: Outcome[] = [];
  readonly writes: Outcome[] = [];
  readonly #limits: Limits;
  readonly #pipe = new AbortController();
  readonly #source = new FedStream<number>();
  readonly #writer: WritableStreamDefaultWriter<number> | undefined;
  readonly #reader: ReadableStreamDefaultReader<number[]>;
  #next = 0;

  constructor(limits: Limits, isPiped: boolean) {
    this.#limits = limits;
    const bucket = new BucketStream<number>({ ...limits, sizeOf, flushWhen });
    if (isPiped) this.#source.stream.pipeThrough(bucket, { signal: this.#pipe.signal });
    else this.#writer = bucket.writable.getWriter();
    this.#reader = bucket.readable.getReader();
  }

  /** What was read so far. */
  get given(): number[] {
    return this.batches.flat();
  }

  /** How much was written so far. */
  get written(): number {
    return this.#next;
  }

  write(item: number = this.#next++): void {
    if (this.#writer === undefined) return this.#source.give(item);
    const write = this.#writer.write(item);
    this.writes.push(outcomeOf(write));
    write.then(() => void this.taken.push({ item, at: performance.now() }), () => {});
  }

  read(): void {
    const read = this.#reader.read();
    this.reads.push(outcomeOf(read));
    read.then(({ value }) => value !== undefined && this.batches.push(value), () => {});
  }

  #checkBatch(batch: number[]): void {
    const { batchSize, maxBytes } = this.#limits;
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.length).toBeLessThanOrEqual(batchSize);
    expect(batch.slice(0, -1).some(flushWhen)).toBe(false);
    const bytes = batch.reduce((sum, item) => sum + sizeOf(item), 0);
    expect(batch.length === 1 || bytes <= maxBytes).toBe(true);
  }

  /** What holds at every moment, also after the end. */
  checkBatches(): void {
    for (const batch of this.batches) this.#checkBatch(batch);
    expect(this.given).toEqual(this.given.map((_, index) => index));
  }

  /** What holds before the end. */
  check(): void {
    this.checkBatches();
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
    expect(this.taken.length - this.given.length).toBeLessThanOrEqual(2 * this.#limits.batchSize);
    const isReading = this.reads.some(({ state }) => state === "pending");
    const oldest = this.taken[this.given.length];
    if (!isReading || oldest === undefined) return;
    expect(performance.now() - oldest.at).toBeLessThan(this.#limits.timeout);
  }

  end(end: typeof ends[number]): Outcome {
    if (end === "close") return outcomeOf(this.#writer?.close() ?? this.#source.close());
    if (end === "throw") return outcomeOf(this.write(-1));
    if (end === "cancel") return outcomeOf(this.#reader.cancel(failure));
    if (end === "abort") {
      return outcomeOf(this.#writer?.abort(failure) ?? this.#source.fail(failure));
    }
    this.#pipe.abort(failure);
    return outcomeOf(this.write()); // workerd heeds it at the next chunk only.
  }

  /** Reads until the end of the output. */
  async drain(): Promise<void> {
    while (this.reads.at(-1)?.state !== "rejected") {
      this.read();
      await settle();
      const { state, value } = this.reads.at(-1)!;
      expect(state).not.toBe("pending");
      if ((value as ReadableStreamReadResult<unknown>).done) return;
    }
  }
}

describe("BucketStream under random schedules", () => {
  it.each(ends)("loses and repeats no item, and leaves nothing behind: %s", async (end) => {
    const property = fc.asyncProperty(
      options,
      steps,
      fc.boolean(),
      async (limits, steps, piped) => {
        const trial = new Trial(limits, end === "signal" || (piped && end !== "abort"));
        for (const [step, number] of steps) {
          if (step === "write") trial.write();
          else if (step === "read") trial.read();
          else if (step === "turn") await turns();
          else await settle(number % 60);
          if (step === "turn" || step === "wait") trial.check();
        }
        const ended = trial.end(end);
        const { taken, written } = trial;
        await turns();
        await trial.drain();
        await settle();
        expect(ended.state).not.toBe("pending");
        expect(vi.getTimerCount()).toBe(0);
        trial.checkBatches();
        for (const { state } of [...trial.reads, ...trial.writes]) {
          expect(state).not.toBe("pending");
        }
        if (end === "close") expect(trial.given).toHaveLength(written);
        // What was taken is given, also where the input fails.
        const isKept = end !== "close" && end !== "cancel" && limits.onError === "flush";
        if (isKept) expect(trial.given.length).toBeGreaterThanOrEqual(taken.length);
        if (isKept && end === "throw") expect(trial.given).toHaveLength(written);
      },
    );
    await fc.assert(property, seeded);
  });
});
