import { follow } from "../signals.ts";
import { TaskGroup } from "./task-group.ts";

/** What a callback is told of its call. */
export interface CallContext {
  /** Aborts when the result is no longer wanted. */
  readonly signal: AbortSignal;
  /** Place of the item in the input, from 0. */
  readonly index: number;
}

/** How a sink calls, and what the stream that it is part of does beside it. */
export interface CallSinkParts<I, R> {
  /** The user's function. */
  readonly call: (item: I, context: CallContext) => R | PromiseLike<R>;
  /** Calls at once. */
  readonly limit: number;
  /** Stops the sink. */
  readonly signal: AbortSignal | undefined;
  /** Whether one more call is wanted beside those that run, where not the limit alone decides. */
  mayBegin?(running: number): boolean;
  /** A call begins; gives what takes its result. */
  onBegin?(): (result: R) => void;
  /** The input is closed, and every call is done. */
  onEnd?(): void;
  /** The sink has failed or was stopped. */
  onStop?(reason: unknown): void;
  /** Whether a failure is told at the next write or close, and not at once. */
  readonly isToldLate?: boolean;
}

/** A call, and what takes its result. */
interface Call<I, R> {
  readonly item: I;
  readonly context: CallContext;
  readonly take: ((result: R) => void) | undefined;
}

/** What settles a promise of the platform's. */
interface Waiting {
  resolve(): void;
  reject(reason: unknown): void;
}

/**
 * The sink of a stream that calls a function for what is written to it, several times at once. A
 * write waits until its call may begin, and close waits for all calls. The first failure stops it:
 * the signal of the other calls aborts, no further one begins, and whatever waits is refused.
 */
export class CallSink<I, R> {
  readonly #parts: CallSinkParts<I, R>;
  readonly #abort = new AbortController(); // Of the calls.
  readonly #group: TaskGroup<Call<I, R>, R>;
  #input!: WritableStreamDefaultController; // Set by `start`, within the constructor of the stream.
  #unfollow = () => {};
  #calls = 0;
  #end: { readonly reason: unknown } | undefined; // No further call begins.
  #held: Waiting | undefined; // The write that waits.
  #closing: Waiting | undefined;

  /** Makes a sink for the constructor of a `WritableStream`. */
  constructor(parts: CallSinkParts<I, R>) {
    this.#parts = parts;
    const { call, limit } = parts;
    this.#group = new TaskGroup(limit, {
      call: ({ item, context }) => call(item, context),
      done: ({ take }, result) => {
        if (this.#end !== undefined) return;
        take?.(result);
        this.serve();
      },
      failed: (_, error) => this.#fail(error),
    });
  }

  /** Called by the platform. */
  start(input: WritableStreamDefaultController): void {
    this.#input = input;
    // The platform calls `abort` only after the write in flight, which may be held, and never
    // while the stream closes.
    follow(input.signal, (reason) => this.#halt(reason));
    this.#unfollow = follow(this.#parts.signal, (reason) => this.#fail(reason));
  }

  /** Called by the platform. */
  write(item: I): void | Promise<void> {
    this.#throwIfOver();
    if (this.#canBegin()) return this.#begin(item);
    return new Promise((resolve, reject) => {
      this.#held = {
        resolve: () => resolve(new Promise((begun) => begun(this.#begin(item)))),
        reject,
      };
    });
  }

  /** Called by the platform. */
  close(): Promise<void> {
    this.#throwIfOver();
    return new Promise((resolve, reject) => {
      this.#closing = { resolve, reject };
      this.serve();
    });
  }

  /** Called by the platform. Settles when no call is running. */
  abort(): Promise<void> {
    return this.#group.idle();
  }

  /** Stops the sink for a reader that has gone. Settles when no call is running. */
  cancel(reason: unknown): Promise<void> {
    this.#stop(reason);
    this.#input.error(reason);
    return this.#group.idle();
  }

  /** Lets go on what waits, as far as it may. */
  serve(): void {
    const held = this.#held;
    if (held !== undefined && this.#canBegin()) {
      this.#held = undefined;
      held.resolve();
    }
    if (this.#closing === undefined || this.#group.running > 0 || this.#end !== undefined) return;
    this.#end = { reason: undefined };
    this.#unfollow();
    this.#parts.onEnd?.();
    this.#closing.resolve();
  }

  #canBegin(): boolean {
    return this.#group.hasRoom && (this.#parts.mayBegin?.(this.#group.running) ?? true);
  }

  #begin(item: I): void {
    const context = { signal: this.#abort.signal, index: this.#calls++ };
    this.#group.run({ item, context, take: this.#parts.onBegin?.() });
    // Where the call has thrown, the write has to reject for `pipeTo` to see it on workerd.
    this.#throwIfOver();
  }

  #throwIfOver(): void {
    if (this.#end !== undefined) throw this.#end.reason;
  }

  #fail(error: unknown): void {
    this.#stop(error);
    // The platform keeps the first error, so that what it led to is not told.
    if (!this.#parts.isToldLate) this.#input.error(error);
  }

  /** Stops; a close that waits is refused once no call is running. */
  #halt(reason: unknown): void {
    const closing = this.#closing;
    this.#closing = undefined;
    this.#stop(reason);
    this.#group.idle().then(() => closing?.reject(reason));
  }

  /** Begins no further call and aborts those that run; refuses what waits. */
  #stop(reason: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    this.#unfollow();
    this.#abort.abort(reason);
    this.#held?.reject(reason);
    this.#closing?.reject(reason);
    this.#parts.onStop?.(reason);
  }
}
