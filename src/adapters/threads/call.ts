import { onAbort } from "../../runtime/signals.ts";
import { many, wholeBatch } from "../../streams/many.ts";
import { skip } from "../../streams/skip.ts";
import type { Answer } from "./messages.ts";
import { unpackError } from "./packed-error.ts";
import type { Mapped } from "./results.ts";
import type { ThreadError } from "./thread-error.ts";

/** Items of a call that travel together. */
export interface Job {
  /** The call. */
  readonly call: Call;
  /** The place of its first item in the call. */
  readonly from: number;
  /** The items. */
  readonly items: readonly unknown[];
}

/** One call of `transformBatch`: what has come of its items so far. */
export class Call {
  /** Settles once there is a result or an error for each item, or `fail` was called. */
  readonly finished: Promise<Mapped>;
  readonly #results: unknown[];
  readonly #failures: Map<number, unknown> = new Map();
  readonly #resolve: (mapped: Mapped) => void;
  readonly #reject: (error: unknown) => void;
  readonly #unfollow: () => void;
  #left: number; // Items that are neither mapped nor given up on.
  #isOver = false;

  /** Begins a call for so many items; `onAborted` is told where its signal has ended it. */
  constructor(size: number, signal: AbortSignal | undefined, onAborted: (call: Call) => void) {
    let settle!: { resolve(mapped: Mapped): void; reject(error: unknown): void };
    this.finished = new Promise((resolve, reject) => settle = { resolve, reject });
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
    this.#results = new Array<unknown>(size);
    this.#left = size;
    this.#unfollow = onAbort(signal, (reason) => {
      this.fail(reason);
      onAborted(this);
    });
  }

  /** True if later answers are ignored. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes what a thread made of a job. */
  take({ from, items }: Job, answer: Answer, tellOutput: (why: string) => ThreadError): void {
    const { values, skips, many: several, failures, uncloneable } = answer;
    for (let index = 0; index < values.length; index++) this.#results[from + index] = values[index];
    for (const index of skips) this.#results[from + index] = skip;
    for (const [index, of, rows] of several) {
      this.#results[from + index] = of === "item" ? many(rows) : wholeBatch(rows);
    }
    for (const [index, error] of failures) this.#failures.set(from + index, unpackError(error));
    for (const [index, why] of uncloneable) this.#failures.set(from + index, tellOutput(why));
    this.#finish(items.length);
  }

  /** Fails one item. */
  failItem(index: number, error: unknown): void {
    this.#failures.set(index, error);
    this.#finish(1);
  }

  /** Fails the call as a whole. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#reject(error);
  }

  #finish(count: number): void {
    this.#left -= count;
    if (this.#left > 0 || this.#isOver) return;
    this.#end();
    this.#resolve({ results: this.#results, failures: this.#failures });
  }

  #end(): void {
    this.#isOver = true;
    this.#unfollow();
  }
}
