import type { Answer, ChunkReader } from "./chunk-reader.ts";
import { late, PatientReader, type TimedAnswer } from "./patient-reader.ts";
import { pushInto, type Stage } from "./stage.ts";
import { firstMalformed } from "../../streams/malformed-mark.ts";

/** A stage that gathers items. */
export interface Gathering<I, O> extends Stage<I, O> {
  /** Nothing is gathered. */
  readonly isEmpty: boolean;
  /** Number of times that it has yielded the gathered items. */
  readonly rounds: number;
  /** Yields the gathered items. */
  end(out: O[]): void;
}

/** Leads items through a stage that gathers, and makes it give them when their time is up. */
export class TimedReader<I, O> implements ChunkReader<O> {
  readonly #input: PatientReader<I>;
  readonly #stage: Gathering<I, O>;
  readonly #time: number;
  #deadline = Infinity;
  #rounds = 0; // Those of the stage when the deadline was set.
  #failure: { readonly error: unknown } | undefined;
  #released: void | Promise<void> = undefined;
  #isEnding = false; // There are no more items.
  #isOver = false;

  /** Makes a reader; `time` is the longest that the first of what is gathered waits, in milliseconds. */
  constructor(input: ChunkReader<I>, stage: Gathering<I, O>, time: number) {
    this.#input = new PatientReader(input);
    this.#stage = stage;
    this.#time = time;
  }

  /** Yields the gathered items, when they are enough or their time is up. */
  async next(most?: number): Promise<Answer<O>> {
    for (;;) {
      if (this.#isOver) return undefined;
      if (this.#isEnding) return await this.#settle();
      const out: O[] = [];
      try {
        const answer = this.#input.next(this.#deadline, most);
        this.#take(answer instanceof Promise ? await answer : answer, out);
      } catch (error) {
        this.#failure = { error };
        this.#isEnding = true;
        this.#flush(out);
      }
      if (this.#isOver) return undefined;
      if (out.length > 0) return out;
    }
  }

  /** Cancels the input; what is gathered is dropped. */
  cancel(reason: unknown): void | Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    return this.#isEnding ? this.#released : this.#input.cancel(reason);
  }

  #take(answer: TimedAnswer<I>, out: O[]): void {
    if (this.#isOver) return;
    if (answer === undefined) {
      this.#isEnding = true;
      return this.#flush(out);
    }
    if (answer === late) return this.#flush(out);
    const stage = this.#stage;
    try {
      pushInto(stage, answer, out, firstMalformed(answer) < 0);
    } catch (error) {
      const release = async () => this.#input.cancel(error);
      this.#released = release().catch(() => {}); // The first error is told.
      throw error;
    }
    if (stage.rounds !== this.#rounds || this.#deadline === Infinity) this.#begin();
    else if (performance.now() >= this.#deadline) this.#flush(out);
  }

  #begin(): void {
    this.#rounds = this.#stage.rounds;
    this.#deadline = this.#stage.isEmpty ? Infinity : performance.now() + this.#time;
  }

  #flush(out: O[]): void {
    if (!this.#stage.isEmpty) this.#stage.end(out);
    this.#begin();
  }

  async #settle(): Promise<undefined> {
    this.#isOver = true;
    await this.#released;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
