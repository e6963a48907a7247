import {
  abortSignal,
  callable,
  checkOptions,
  type OptionTable,
  positiveInteger,
  refuse,
  truthValue,
} from "../options.ts";
import { follow } from "../signals.ts";
import { skip } from "./skip.ts";
import { TaskGroup } from "./task-group.ts";

/** How a parallel map calls. */
export interface ParallelMapOptions {
  /**
   * Calls in flight at once: a positive integer.
   * @default {1}
   */
  concurrency?: number | undefined;
  /**
   * Whether results come in the order of the input, or as they are done.
   * @default {true}
   */
  ordered?: boolean | undefined;
  /**
   * With `ordered`, how many finished results may wait for a slower earlier one: a positive integer.
   * @default {concurrency}
   */
  reorderBuffer?: number | undefined;
  /** Stops the stream: both sides fail with its reason. */
  signal?: AbortSignal | undefined;
}

/** What a call of a parallel map is told. */
export interface CallContext {
  /** Aborts when the result is no longer wanted. */
  readonly signal: AbortSignal;
  /** Place of the item in the input, from 0. */
  readonly index: number;
}

const parallelMapOptions: OptionTable<ParallelMapOptions> = {
  concurrency: [positiveInteger, 1],
  ordered: [truthValue, true],
  reorderBuffer: [positiveInteger],
  signal: [abortSignal],
};

/** A call and what it gave. */
interface Slot<O> {
  result?: O | typeof skip;
  isDone: boolean;
}

/**
 * Maps items, several at a time: `I` → `O`. Calls begin with the first read, and then stay
 * `concurrency` in number while there is input; what they give waits, bounded, for a reader.
 *
 * The first failure wins: it aborts the `signal` of the other calls, no further call begins, and
 * both sides fail with the user's own error. Cancelling or aborting settles when no call is running.
 *
 * @example Three at a time, in order
 * ```ts
 * import { ParallelMapStream } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const lengths = new ParallelMapStream(async (word: string) => word.length, { concurrency: 3 });
 * const words = ReadableStream.from(["one", "three", "fifteen"]);
 * deepEqual(await Array.fromAsync(words.pipeThrough(lengths)), [3, 5, 7]);
 * ```
 */
export class ParallelMapStream<I, O> implements TransformStream<I, O> {
  /** Gives results. */
  readonly readable: ReadableStream<O>;
  /** Takes items. A write waits until its call may begin. */
  readonly writable: WritableStream<I>;
  readonly #call: (item: I) => O | typeof skip | PromiseLike<O | typeof skip>;
  readonly #abort = new AbortController(); // Of the calls.
  readonly #group: TaskGroup;
  readonly #isOrdered: boolean;
  readonly #window: number; // Calls that have begun and whose result was not given.
  readonly #slots: Slot<O>[] = []; // In order: of the input, or of being done.
  readonly #unfollow: () => void;
  #isWanted = false; // Somebody has read.
  #hasDemand = false; // A read waits.
  #held: { begin(): void; reject(reason: unknown): void } | undefined; // The write that waits.
  #closing: { resolve(): void; reject(reason: unknown): void } | undefined;
  #isOver = false;
  #input!: WritableStreamDefaultController; // Both are set by `start`, within the constructor.
  #output!: ReadableStreamDefaultController<O>;

  /**
   * Makes a stream that maps by `fn`, which may be sync or async, and may return `skip`.
   * @throws {ConfigurationError} If `fn` is no function, or an option is unknown or breaks its rule.
   */
  constructor(
    fn: (item: I, context: CallContext) => O | typeof skip | PromiseLike<O | typeof skip>,
    options: ParallelMapOptions = {},
  ) {
    const action = "construct ParallelMapStream";
    if (!callable.holds(fn)) refuse(action, "fn", callable.words, fn);
    const checked = checkOptions<ParallelMapOptions, "signal" | "reorderBuffer">(
      action,
      options,
      parallelMapOptions,
    );
    const { concurrency, ordered, reorderBuffer = concurrency, signal } = checked;
    let calls = 0;
    this.#call = (item) => fn(item, { signal: this.#abort.signal, index: calls++ });
    this.#group = new TaskGroup(concurrency, (error) => this.#fail(error));
    this.#isOrdered = ordered;
    this.#window = ordered ? Math.max(concurrency, reorderBuffer + 1) : concurrency;
    this.readable = this.#makeReadable();
    this.writable = this.#makeWritable();
    // The platform calls `abort` only after the write in flight, which may be held, and never
    // while the stream closes.
    this.#input.signal.addEventListener("abort", () => this.#halt(this.#input.signal.reason));
    this.#unfollow = follow(signal, (reason) => this.#fail(reason));
  }

  #makeReadable(): ReadableStream<O> {
    return new ReadableStream<O>({
      start: (output) => void (this.#output = output),
      pull: () => {
        this.#isWanted = this.#hasDemand = true;
        this.#serve();
      },
      cancel: (reason) => {
        this.#stop(reason);
        this.#input.error(reason);
        return this.#group.idle();
      },
    }, { highWaterMark: 0 }); // The platform then pulls only while a read waits.
  }

  #makeWritable(): WritableStream<I> {
    return new WritableStream<I>({
      start: (input) => void (this.#input = input),
      write: (item) => this.#write(item),
      close: () =>
        new Promise<void>((resolve, reject) => {
          this.#closing = { resolve, reject };
          this.#serve();
        }),
      abort: () => this.#group.idle(),
    });
  }

  #write(item: I): void | Promise<void> {
    if (this.#canBegin()) return this.#begin(item);
    return new Promise((resolve, reject) => {
      const begin = () => resolve(new Promise((begun) => begun(this.#begin(item))));
      this.#held = { begin, reject };
    });
  }

  #canBegin(): boolean {
    return this.#isWanted && this.#group.hasRoom &&
      (this.#isOrdered ? this.#slots.length : this.#group.running + this.#slots.length) <
        this.#window;
  }

  #begin(item: I): void {
    const slot: Slot<O> = { isDone: false };
    if (this.#isOrdered) this.#slots.push(slot);
    let failure: { error: unknown } | undefined;
    this.#group.run(() => {
      try {
        return this.#call(item);
      } catch (error) {
        failure = { error };
        throw error;
      }
    }, (result) => {
      slot.result = result;
      slot.isDone = true;
      if (!this.#isOrdered) this.#slots.push(slot);
      this.#serve();
    });
    // workerd takes a sink that only errors its controller for one that is fine.
    if (failure !== undefined) throw failure.error;
  }

  #serve(): void {
    if (this.#isOver) return;
    while ((this.#hasDemand || this.#isClosing()) && this.#slots[0]?.isDone) {
      const { result } = this.#slots.shift()!;
      if (result === skip) continue;
      this.#hasDemand = false;
      this.#output.enqueue(result as O);
    }
    if (this.#held !== undefined && this.#canBegin()) {
      const { begin } = this.#held;
      this.#held = undefined;
      begin();
    }
    // `enqueue` pulls where another read waits: that may have ended all within the loop above.
    if (this.#isOver || !this.#isClosing()) return;
    this.#isOver = true;
    this.#unfollow();
    this.#output.close();
    this.#closing!.resolve();
  }

  /** All calls are done, and no further one will begin: what they gave need not wait for demand. */
  #isClosing(): boolean {
    return this.#closing !== undefined && this.#group.running === 0;
  }

  #fail(error: unknown): void {
    if (this.#isOver) return; // The first failure is told; those of calls that it aborted are not.
    this.#stop(error);
    this.#output.error(error);
    this.#input.error(error);
  }

  /** Ends both sides; a close that waits is refused once no call is running. */
  #halt(reason: unknown): void {
    if (this.#isOver) return;
    const closing = this.#closing;
    this.#closing = undefined;
    this.#stop(reason);
    this.#output.error(reason);
    this.#group.idle().then(() => closing?.reject(reason));
  }

  /** Begins no further call and aborts those that run; settles what waits. */
  #stop(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unfollow?.();
    this.#slots.length = 0;
    this.#abort.abort(reason);
    this.#held?.reject(reason);
    this.#closing?.reject(reason);
  }
}
