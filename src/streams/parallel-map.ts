import {
  abortSignal,
  callable,
  checkOptions,
  fail,
  type OptionTable,
  positiveInteger,
  truthValue,
} from "../plain-options.ts";
import {
  type CallContext,
  CallSink,
  type Failure,
  type InputErrorOptions,
  inputErrorOptions,
} from "./call-sink.ts";
import { skip } from "./skip.ts";

/** Options of a `ParallelMapStream`. */
export interface ParallelMapOptions extends InputErrorOptions {
  /**
   * Calls in flight at once: a positive integer.
   * @default {1}
   */
  concurrency?: number | undefined;
  /**
   * If true, results come in the order of the input; otherwise as they are done.
   * @default {true}
   */
  ordered?: boolean | undefined;
  /**
   * With `ordered`, how many finished results may wait for a slower earlier one: a positive integer.
   * Those of the calls that are in flight beside it always may, which are `concurrency - 1`.
   * @default {concurrency}
   */
  reorderBuffer?: number | undefined;
  /** Stops the stream at once: the signal of the calls aborts, and both sides fail with its reason. */
  signal?: AbortSignal | undefined;
}

const parallelMapOptions: OptionTable<ParallelMapOptions> = {
  concurrency: [positiveInteger, 1],
  ordered: [truthValue, true],
  reorderBuffer: [positiveInteger],
  signal: [abortSignal],
  ...inputErrorOptions,
};

/** Outcome of a call: nothing yet, or one result. */
type Slot<O> = (O | typeof skip)[];

/**
 * Maps items, several at a time: `I` → `O`. Calls begin with the first read, and then stay
 * `concurrency` in number while there is input; what they give waits, bounded, for a reader.
 *
 * The first call that fails aborts the `signal` of the others, no further call begins, and both sides
 * fail at once with the user's own error. When the input fails, or is aborted, running calls finish
 * and their results are given before the error; with `onError: "discard"` their `signal` aborts at
 * once, and they are dropped. Cancelling drops them too. Cancelling or aborting settles when no call
 * is running. All calls share that one `signal`: remove a listener when its call is done, and do not
 * assign `signal.onabort`.
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
  declare readonly readable: ReadableStream<O>;
  /** Takes items. A write waits until its call may begin. */
  declare readonly writable: WritableStream<I>;
  readonly #sink: CallSink<I, O | typeof skip>;
  readonly #slots: Slot<O>[] = []; // In order: of the input, or of being done.
  #failure: Failure | undefined; // What is left to tell when all is given.
  #demand = 0; // Results that may be given: 1 while a read waits, all of them at the end.
  #output!: ReadableStreamDefaultController<O>; // Set by `start`, within the constructor.

  /**
   * Makes a stream that maps by `fn`, which may be sync or async, and may return `skip`.
   * @throws {ConfigurationError} If `fn` is no function, or an option is unknown or breaks its rule.
   */
  constructor(
    fn: (item: I, context: CallContext) => O | typeof skip | PromiseLike<O | typeof skip>,
    options: ParallelMapOptions = {},
  ) {
    const action = "construct ParallelMapStream";
    if (!callable.test(fn)) fail(action, "fn", callable.expected, fn);
    const { concurrency, ordered, reorderBuffer, signal, onError } = checkOptions<
      ParallelMapOptions,
      "signal" | "reorderBuffer"
    >(action, options, parallelMapOptions);
    if (!ordered && reorderBuffer !== undefined) {
      fail(action, "reorderBuffer", "omitted if 'ordered' is false", reorderBuffer);
    }
    // Calls that have begun and whose result was not given: none before somebody reads.
    let window = 0;
    this.#sink = new CallSink({
      call: fn,
      limit: concurrency,
      signal,
      onError,
      // In order, the calls that run have slots.
      mayBegin: (running) => this.#slots.length + (ordered ? 0 : running) < window,
      onBegin: () => this.#keepPlace(ordered),
      onEnd: (failure) => {
        this.#failure = failure;
        if (failure) return this.#give();
        this.#demand = Infinity; // Nothing more will come: what is there need not wait for reads.
        this.#give();
        this.#output.close();
      },
      onStop: (error) => {
        this.#slots.length = 0;
        this.#output.error(error);
      },
    });
    this.readable = new ReadableStream<O>({
      start: (output) => void (this.#output = output),
      pull: () => {
        window = ordered ? Math.max(concurrency, (reorderBuffer ?? concurrency) + 1) : concurrency;
        this.#demand ||= 1;
        this.#give();
        this.#sink.pump();
      },
      cancel: (reason) => this.#sink.cancel(reason),
    }, { highWaterMark: 0 }); // The platform then pulls only while a read waits.
    this.writable = new WritableStream<I>(this.#sink);
  }

  /** Keeps the place of a call, and gives what takes its result. */
  #keepPlace(isOrdered: boolean): (result: O | typeof skip) => void {
    const slot: Slot<O> = [];
    if (isOrdered) this.#slots.push(slot);
    return (result) => {
      slot.push(result);
      if (!isOrdered) this.#slots.push(slot);
      if (this.#demand) this.#give();
    };
  }

  /** Gives the results that are next in order and in demand, and after the last one the failure. */
  #give(): void {
    const slots = this.#slots;
    while (slots[0]?.length && (this.#demand || slots[0][0] === skip)) {
      const [result] = slots.shift()!;
      if (result === skip) continue;
      this.#demand--;
      this.#output.enqueue(result as O); // Pulls, and so comes back here, where another read waits.
    }
    // `error` would drop a result that a read given up has left in the platform's queue.
    if (this.#failure && slots.length === 0 && this.#output.desiredSize === 0) {
      this.#output.error(this.#failure.error);
    }
  }
}
