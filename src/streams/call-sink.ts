import { flushOrDiscard, type OptionTable } from "../plain-options.ts";
import { onAbort } from "../runtime/signals.ts";
import { isMalformed } from "./malformed-mark.ts";
import { TaskGroup } from "./task-group.ts";

/** Second argument of a callback. */
export interface CallContext {
  /** Aborts when the result is no longer wanted. */
  readonly signal: AbortSignal;
  /** Place of the item in the input, from 0. */
  readonly index: number;
}

/** Fate of running calls when the input fails. */
export interface InputErrorOptions {
  /**
   * Fate of running calls when the input fails or is aborted: `"flush"` lets them finish, then fails
   * with the error of the input; `"discard"` aborts their signal and fails at once.
   * @default {"flush"}
   */
  onError?: "flush" | "discard" | undefined;
}

/** The rule and the default of `onError`. */
export const inputErrorOptions: OptionTable<InputErrorOptions> = {
  onError: [flushOrDiscard, "flush"],
};

/** Failure of a stream. */
export interface Failure {
  readonly error: unknown;
}

/** The function that a sink calls, its limits, and the hooks of the stream around it. */
export interface CallSinkParts<I, R> {
  /** The user's function. */
  readonly call: (item: I, context: CallContext) => R | PromiseLike<R>;
  /** Number of calls at the same time. */
  readonly limit: number;
  /** Stops the sink. */
  readonly signal: AbortSignal | undefined;
  /** Fate of running calls when the input fails. */
  readonly onError: "flush" | "discard";
  /** Returns true if one more call may begin beside the running ones, if `limit` alone does not decide. */
  mayBegin?(running: number): boolean;
  /** Called when a call begins; returns a function that accepts its result. */
  onBegin?(): (result: R) => void;
  /** Called when the input is closed or has failed, and every call is done. */
  onEnd?(failure: Failure | undefined): void;
  /** Called when the sink has failed or was stopped: no more results follow. */
  onStop?(error: unknown): void;
  /** If true, a failure surfaces at the next write or close instead of at once. */
  readonly isToldLate?: boolean;
}

/** A call, and the function that accepts its result. */
interface Call<I, R> {
  readonly item: I;
  readonly context: CallContext;
  readonly take: ((result: R) => void) | undefined;
}

/** Waiting operation: a write waits for room, the others until no call is running. */
type Wait = "write" | "close" | "abort" | "cancel";

/** Callbacks that end a wait. */
interface Waiting {
  readonly go: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Sink of a stream that calls a function for each chunk, with several calls in flight. A write waits
 * until its call may begin; close and abort wait for all calls. The first failed call stops the sink:
 * the signal of the other calls aborts, no further call begins, and waiting operations are rejected. If
 * the input fails, running calls finish, unless they are to be discarded.
 */
export class CallSink<I, R> {
  readonly #parts: CallSinkParts<I, R>;
  readonly #abort = new AbortController(); // Of the calls.
  readonly #group: TaskGroup<Call<I, R>, R>;
  #input!: WritableStreamDefaultController; // Set by `start`, within the constructor of the stream.
  #unfollow = () => {};
  #calls = 0;
  #refusal: Failure | undefined; // No further call begins.
  #isOver = false; // No further result is accepted.
  #hasFailed = false; // By a call, or by the signal.
  readonly #waits = new Map<Wait, Waiting>();

  /** Creates a sink for the constructor of a `WritableStream`. */
  constructor(parts: CallSinkParts<I, R>) {
    this.#parts = parts;
    const { call, limit } = parts;
    this.#group = new TaskGroup(limit, {
      call: ({ item, context }) => call(item, context),
      done: ({ take }, result) => {
        if (!this.#isOver) take?.(result);
        this.pump();
      },
      failed: (_, error) => {
        this.#fail(error);
        this.pump();
      },
    });
  }

  /** Called by the platform. */
  start(input: WritableStreamDefaultController): void {
    this.#input = input;
    // The platform calls `abort` only after the write in flight, which may be held, and never
    // while the stream closes.
    onAbort(input.signal, (reason) => this.#refuse(reason));
    this.#unfollow = onAbort(this.#parts.signal, (reason) => this.#fail(reason));
  }

  /** Called by the platform. */
  write(item: I): void | Promise<void> {
    this.#throwIfRefused();
    if (isMalformed(item)) { // The input fails here, without a call of `abort` by the platform.
      return this.abort(item.cause).then(() => Promise.reject(item.cause));
    }
    if (this.#canBegin()) return this.#begin(item);
    return this.#wait("write", () => this.#begin(item));
  }

  /** Called by the platform. */
  close(): Promise<void> {
    this.#throwIfRefused();
    return this.#wait("close", () => {
      if (!this.#isOver) this.#end(this.#refusal);
      this.#throwIfRefused();
    });
  }

  /**
   * Called by the platform, and a pipe waits for it. Settles when no call is running. The error is that
   * of the input; the signal replaces `undefined` by an `AbortError`.
   */
  abort(error: unknown): Promise<void> {
    this.#refuse(error);
    if (this.#parts.onError === "discard") this.#parts.onStop?.(error);
    return this.#wait("abort", () => {
      if (this.#hasFailed) this.#throwIfRefused();
      if (!this.#isOver) this.#end({ error });
    });
  }

  /** Stops the sink for a reader that has gone. Settles when no call is running. */
  cancel(reason: unknown): Promise<void> {
    this.#stop(reason);
    return this.#wait("cancel", () => {});
  }

  /** Resumes the waiting write, or the pending close, if the limits allow it. */
  pump(): void {
    for (const [wait, { go }] of this.#waits) {
      if (wait === "write" ? !this.#canBegin() : this.#group.running > 0) continue;
      this.#waits.delete(wait);
      go();
    }
  }

  /** Waits, then settles with the result of `go`. */
  #wait(wait: Wait, go: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waits.set(wait, { go: () => resolve(new Promise((gone) => gone(go()))), reject });
      this.pump();
    });
  }

  #canBegin(): boolean {
    return this.#group.hasRoom && (this.#parts.mayBegin?.(this.#group.running) ?? true);
  }

  #begin(item: I): void {
    const context = { signal: this.#abort.signal, index: this.#calls++ };
    this.#group.run({ item, context, take: this.#parts.onBegin?.() });
    // If the call has thrown, the write must reject for `pipeTo` to see it on workerd.
    this.#throwIfRefused();
  }

  #throwIfRefused(): void {
    if (this.#isOver && this.#refusal) throw this.#refusal.error;
  }

  /** Ends the sink after every call is done and all results are delivered. */
  #end(failure: Failure | undefined): void {
    this.#isOver = true;
    this.#unfollow();
    this.#parts.onEnd?.(failure);
  }

  #fail(error: unknown): void {
    this.#hasFailed ||= !this.#isOver;
    this.#stop(error);
  }

  /** Begins no further call, as the input has failed. A close is rejected once no call is running. */
  #refuse(error: unknown): void {
    if (this.#isOver || this.#refusal) return;
    this.#refuseHeld(error);
    if (this.#parts.onError === "flush") return;
    this.#drop(error);
    if (this.#waits.has("close")) this.#parts.onStop?.(error); // Otherwise `abort` is called.
  }

  /** Begins no further call, aborts running calls, and rejects waiting operations. */
  #stop(error: unknown): void {
    if (this.#isOver) return;
    this.#refuseHeld(error);
    this.#drop(error);
    this.#rejectWait("close", error);
    this.#parts.onStop?.(error);
    // The platform keeps the first error, and ignores those that follow from it.
    if (!this.#parts.isToldLate) this.#input.error(error);
  }

  #refuseHeld(error: unknown): void {
    this.#refusal = { error };
    this.#rejectWait("write", error);
  }

  #rejectWait(wait: Wait, error: unknown): void {
    this.#waits.get(wait)?.reject(error);
    this.#waits.delete(wait);
  }

  /** Aborts running calls, whose results are no longer wanted. */
  #drop(error: unknown): void {
    this.#isOver = true;
    this.#unfollow();
    this.#abort.abort(error);
  }
}
