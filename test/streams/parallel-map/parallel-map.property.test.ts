import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ParallelMapStream } from "../../../src/streams/parallel-map.ts";
import { skip } from "../../../src/streams/skip.ts";
import { Calls } from "../../support/run/calls.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { type Outcome, outcomeOf, settle, turns } from "../../support/outcomes/outcome.ts";
import { seeded, stepsOf } from "../../support/streams/schedules.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ends = ["close", "throw", "cancel", "abort", "abort while it closes", "signal"] as const;
const steps = stepsOf({ write: 6, read: 6, resolve: 6, skip: 2, turn: 4 });
const options = fc.record({
  concurrency: fc.integer({ min: 1, max: 5 }),
  ordered: fc.boolean(),
  reorderBuffer: fc.integer({ min: 1, max: 8 }),
});
type Options = { concurrency: number; ordered: boolean; reorderBuffer: number };
const failure = new Error("broken");

/** A map under a random schedule. */
class Trial {
  readonly calls: Calls<number, number | typeof skip> = new Calls();
  readonly user: CountedSignal = new CountedSignal();
  readonly reads: Outcome[] = [];
  readonly writes: Outcome[] = [];
  readonly given: number[] = [];
  readonly results: number[] = []; // In the order in which they were done.
  readonly #options: Options;
  readonly #open: number[] = []; // Of the calls, by their place.
  readonly #writer: WritableStreamDefaultWriter<number>;
  readonly #reader: ReadableStreamDefaultReader<number>;
  #ended = 0;

  constructor(options: Options) {
    this.#options = options;
    const signal = this.user.signal;
    const { concurrency, ordered, reorderBuffer } = options;
    const order = ordered ? { ordered, reorderBuffer } : { ordered };
    const map = new ParallelMapStream<number, number>((item, context) => {
      this.#open.push(context.index);
      return this.calls.run(item, context);
    }, { concurrency, ...order, signal });
    this.#writer = map.writable.getWriter();
    this.#reader = map.readable.getReader();
  }

  write(): void {
    this.writes.push(outcomeOf(this.#writer.write(this.writes.length)));
  }

  read(): void {
    const read = this.#reader.read();
    this.reads.push(outcomeOf(read));
    read.then(({ value }) => value !== undefined && this.given.push(value), () => {});
  }

  /** Ends one of the calls that run, whichever `number` says. */
  endCall(how: "resolve" | "skip" | "throw", number: number): void {
    const [place] = this.#open.splice(number % this.#open.length, 1);
    const call = this.calls.begun[place ?? -1];
    if (call === undefined) return;
    this.#ended++;
    if (how === "throw") return call.reject(failure);
    call.resolve(how === "skip" ? skip : call.item);
    if (how === "resolve") this.results.push(call.item);
  }

  /** What holds at every moment before the end. */
  check(): void {
    const { concurrency, ordered, reorderBuffer } = this.#options;
    const { begun, items, most } = this.calls;
    expect(most).toBeLessThanOrEqual(concurrency);
    expect(items).toEqual(items.map((_, index) => index));
    if (this.reads.length === 0) expect(begun).toEqual([]);
    const expected = ordered ? this.results.toSorted((a, b) => a - b) : this.results;
    expect(this.given).toEqual(expected.slice(0, this.given.length));
    const waiting = this.#ended - this.given.length;
    const skipped = this.#ended - this.results.length;
    const bound = ordered ? Math.max(concurrency, reorderBuffer + 1) : concurrency;
    expect(waiting - skipped).toBeLessThanOrEqual(bound);
    // With demand and input every free place is taken, unless results wait for a slower one.
    const hasDemand = this.reads.some(({ state }) => state === "pending");
    const held = this.writes.length - begun.length;
    if (hasDemand && held > 0 && !ordered) expect(this.calls.running).toBe(concurrency);
  }

  async end(end: typeof ends[number]): Promise<Outcome> {
    if (end === "throw") {
      this.read(); // Otherwise there may be no call to fail.
      this.write();
      await turns();
      while (this.#open.length === 0) {
        this.read();
        await turns();
      }
      return outcomeOf(this.endCall("throw", 0));
    }
    if (end === "cancel") return outcomeOf(this.#reader.cancel(failure));
    if (end === "signal") return outcomeOf(this.user.abort(failure));
    if (end === "abort") return outcomeOf(this.#writer.abort(failure));
    const closed = outcomeOf(this.#writer.close());
    if (end === "close") return closed;
    await turns();
    return outcomeOf(this.#writer.abort(failure));
  }

  /** Ends all calls and reads until the end of the output. */
  async drain(): Promise<void> {
    for (;;) {
      this.read();
      await settle();
      while (this.#open.length > 0) this.endCall("resolve", 0);
      await settle();
      const { state, value } = this.reads.at(-1)!;
      if (state === "rejected") return;
      if ((value as ReadableStreamReadResult<unknown> | undefined)?.done) return;
    }
  }
}

describe("ParallelMapStream under random schedules", () => {
  it.each(ends)("keeps its limits, and leaves nothing behind: %s", async (end) => {
    const property = fc.asyncProperty(options, steps, async (options, steps) => {
      const trial = new Trial(options);
      for (const [step, number] of steps) {
        if (step === "write") trial.write();
        else if (step === "read") trial.read();
        else if (step === "turn") await turns();
        else trial.endCall(step, number);
        if (step === "turn") trial.check();
      }
      const ended = await trial.end(end);
      await turns();
      const { running, begun } = trial.calls;
      if (end.startsWith("abort") && running > 0) expect(ended.state).toBe("pending");
      if (end === "cancel" && running > 0) expect(ended.state).toBe("pending");
      const count = begun.length;
      await trial.drain();
      expect(ended.state).not.toBe("pending");
      expect(trial.user.listeners).toBe(0);
      expect(trial.calls.running).toBe(0);
      expect(trial.calls.most).toBeLessThanOrEqual(options.concurrency);
      for (const { state } of [...trial.reads, ...trial.writes]) expect(state).not.toBe("pending");
      if (end !== "close" && end !== "abort while it closes") expect(begun).toHaveLength(count);
      if (end !== "close") return;
      expect(begun).toHaveLength(trial.writes.length);
      expect(trial.given.toSorted((a, b) => a - b)).toEqual(
        trial.results.toSorted((a, b) => a - b),
      );
      trial.check();
    });
    await fc.assert(property, seeded);
  });
});
