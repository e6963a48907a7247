import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LoaderStream } from "../../../src/streams/loader.ts";
import { Calls } from "../../support/run/calls.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { type Outcome, outcomeOf, settle, turns } from "../../support/outcomes/outcome.ts";
import { seeded, stepsOf } from "../../support/streams/schedules.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ends = ["close", "throw", "abort", "abort while it closes", "signal"] as const;
const steps = stepsOf({ write: 6, resolve: 4, turn: 3 });
const failure = new Error("broken");

/** A loader under a random schedule. */
class Trial {
  readonly calls: Calls<number> = new Calls();
  readonly user: CountedSignal = new CountedSignal();
  readonly writes: Outcome[] = [];
  readonly #open: number[] = []; // Of the loads, by their place.
  readonly #writer: WritableStreamDefaultWriter<number>;

  constructor(workers: number) {
    const loader = new LoaderStream<number>((item, context) => {
      this.#open.push(context.index);
      return this.calls.run(item, context);
    }, { workers, signal: this.user.signal });
    this.#writer = loader.getWriter();
    outcomeOf(this.#writer.closed);
  }

  write(): void {
    this.writes.push(outcomeOf(this.#writer.write(this.writes.length)));
  }

  endLoad(how: "resolve" | "reject", number: number): void {
    const [place] = this.#open.splice(number % this.#open.length, 1);
    this.calls.begun[place ?? -1]?.[how](failure as never);
  }

  async end(end: typeof ends[number]): Promise<Outcome> {
    if (end === "throw") {
      this.write();
      await turns();
      if (this.#open.length === 0) this.endLoad("resolve", 0);
      this.endLoad("reject", 7);
      await turns();
      return outcomeOf(this.#writer.write(-1));
    }
    if (end === "signal") {
      this.user.abort(failure);
      return outcomeOf(this.#writer.write(-1));
    }
    if (end === "abort") return outcomeOf(this.#writer.abort(failure));
    const closed = outcomeOf(this.#writer.close());
    if (end === "close") return closed;
    await turns();
    return outcomeOf(this.#writer.abort(failure));
  }

  async drain(): Promise<void> {
    do {
      await settle();
      while (this.#open.length > 0) this.endLoad("resolve", 0);
      await settle();
    } while (this.#open.length > 0);
  }
}

describe("LoaderStream under random schedules", () => {
  it.each(ends)("keeps its limits, and leaves nothing behind: %s", async (end) => {
    const workers = fc.integer({ min: 1, max: 5 });
    const property = fc.asyncProperty(workers, steps, async (workers, steps) => {
      const trial = new Trial(workers);
      const { calls, writes } = trial;
      for (const [step, number] of steps) {
        if (step === "write") trial.write();
        else if (step === "resolve") trial.endLoad("resolve", number);
        else {
          await turns();
          const left = writes.length - calls.begun.length;
          if (left > 0) expect(calls.running).toBe(workers);
          const accepted = writes.filter(({ state }) => state === "fulfilled");
          expect(accepted).toHaveLength(calls.begun.length);
        }
      }
      const ended = await trial.end(end);
      await turns();
      const isRunning = calls.running > 0;
      if (isRunning && end !== "throw" && end !== "signal") expect(ended.state).toBe("pending");
      const count = calls.begun.length;
      await trial.drain();
      expect(ended.state).not.toBe("pending");
      expect(calls.most).toBeLessThanOrEqual(workers);
      expect(calls.items).toEqual(calls.items.map((_, index) => index));
      expect(calls.running).toBe(0);
      expect(trial.user.listeners).toBe(0);
      for (const { state } of writes) expect(state).not.toBe("pending");
      if (end === "close") {
        expect(ended.state).toBe("fulfilled");
        expect(calls.begun).toHaveLength(writes.length);
      } else if (end !== "abort while it closes") expect(calls.begun).toHaveLength(count);
      if (end === "throw" || end === "signal") {
        expect(ended).toEqual({ state: "rejected", value: failure });
      }
    });
    await fc.assert(property, seeded);
  });
});
