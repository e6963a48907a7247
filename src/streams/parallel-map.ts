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
   * Number of calls in flight: a positive integer.
   * @default {1}
   */
  concurrency?: number | undefined;
  /**
   * If true, results come in the order of the input; otherwise as they are ready.
   * @default {true}
   */
  ordered?: boolean | undefined;
  /**
   * With `ordered`, the number of finished results that may wait for a slower earlier one: a positive
   * integer. Those of the `concurrency - 1` calls in flight beside it may always wait.
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

/** Outcome of a call: empty, or one result. */
type Slot<O> = (O | typeof skip)[];

/**
 * Maps items, several at a time: `I` → `O`. Calls begin with the first read; from then on, `concurrency`
 * calls are in flight while there is input. A bounded number of results waits for a reader.
 *
 * The first failed call aborts the `signal` of the others, no further call begins, and both sides fail
 * at once with the user's own error. When the input fails or is aborted, running calls finish and their
 * results come before the error; with `onError: "discard"`, their `signal` aborts at once and the
 * results are dropped. Cancelling also drops them. Cancelling or aborting settles when no call is
 * running. All calls share that one `signal`: remove a listener when its call is done, and do not
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
  /** Yields results. */
  declare readonly readable: ReadableStream<O>;
  /** Accepts items. A write waits until its call may begin. */
  declare readonly writable: WritableStream<I>;
  readonly #sink: CallSink<I, O | typeof skip>;
  readonly #slots: Slot<O>[] = []; // In the order of the input, or of completion.
  #failure: Failure | undefined; // Reported after all results.
  #demand = 0; // Results that may be delivered: 1 while a read waits, all of them at the end.
  #output!: ReadableStreamDefaultController<O>; // Set by `start`, within the constructor.

  /**
   * Creates a stream that maps with `fn`, which may be sync or async, and may return `skip`.
   * @throws {ConfigurationError} If `fn` is not a function, or an option is unknown or breaks its rule.
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
    // Most calls that have begun and whose result is not delivered: none before the first read.
    let window = 0;
    this.#sink = new CallSink({
      call: fn,
      limit: concurrency,
      signal,
      onError,
      // With `ordered`, running calls have slots.
      mayBegin: (running) => this.#slots.length + (ordered ? 0 : running) < window,
      onBegin: () => this.#keepPlace(ordered),
      onEnd: (failure) => {
        this.#failure = failure;
        if (failure) return this.#give();
        this.#demand = Infinity; // Nothing more will come, so results need not wait for reads.
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
    }, { highWaterMark: 0 }); // So the platform pulls only while a read waits.
    this.writable = new WritableStream<I>(this.#sink);
  }

  /** Reserves the place of a call, and returns a function that accepts its result. */
  #keepPlace(isOrdered: boolean): (result: O | typeof skip) => void {
    const slot: Slot<O> = [];
    if (isOrdered) this.#slots.push(slot);
    return (result) => {
      slot.push(result);
      if (!isOrdered) this.#slots.push(slot);
      if (this.#demand) this.#give();
    };
  }

  /** Delivers the results that are next in order and in demand, and after the last one the failure. */
  #give(): void {
    const slots = this.#slots;
    while (slots[0]?.length && (this.#demand || slots[0][0] === skip)) {
      const [result] = slots.shift()!;
      if (result === skip) continue;
      this.#demand--;
      this.#output.enqueue(result as O); // Pulls, and so re-enters this method if another read waits.
    }
    // `error` would drop a result that an abandoned read has left in the platform's queue.
    if (this.#failure && slots.length === 0 && this.#output.desiredSize === 0) {
      this.#output.error(this.#failure.error);
    }
  }
}
