import {
  callable,
  checkOptions,
  type Complete,
  fail,
  type OptionTable,
  positiveInteger,
  truthValue,
} from "../../plain-options.ts";
import { isThenable } from "../../runtime/thenable.ts";

/** Context of a call of a function. */
export interface CallContext {
  /** Aborts when the result is no longer wanted. All calls of a reading share it. */
  readonly signal: AbortSignal;
}

/** Options for calls that return promises. They have no effect if no call does. */
export interface CallOptions {
  /**
   * Maximum number of calls in progress at the same time: a positive integer.
   * @default {1}
   */
  readonly concurrency?: number | undefined;
  /**
   * If true, results keep the order of the items; otherwise they come as they finish.
   * @default {true}
   */
  readonly ordered?: boolean | undefined;
  /**
   * With `ordered`, the maximum number of finished results that may wait for a slower earlier one: a
   * positive integer. Results of the up to `concurrency - 1` other calls in progress may always wait.
   * @default {concurrency}
   */
  readonly reorderBuffer?: number | undefined;
}

/** Options with their defaults. */
export type CallSettings = Complete<CallOptions>;

const callOptions: OptionTable<CallOptions> = {
  concurrency: [positiveInteger, 1],
  ordered: [truthValue, true],
  reorderBuffer: [positiveInteger],
};

/** Checks the function and the options of an operator that calls it. */
export function checkCall(name: string, fn: unknown, options: CallOptions): CallSettings {
  checkFunction(name, "fn", fn);
  const action = `construct ${name}`;
  const { concurrency, ordered, reorderBuffer } = checkOptions<CallOptions, "reorderBuffer">(
    action,
    options,
    callOptions,
  );
  if (!ordered && reorderBuffer !== undefined) {
    fail(action, "reorderBuffer", "omitted if 'ordered' is false", reorderBuffer);
  }
  return { concurrency, ordered, reorderBuffer: reorderBuffer ?? concurrency };
}

/** Throws if a value is not a function. */
export function checkFunction(operator: string, name: string, fn: unknown): void {
  if (!callable.test(fn)) fail(`construct ${operator}`, name, callable.expected, fn);
}

/** The signal of the calls of one reading. It is created when first requested. */
export class CallSignal implements CallContext {
  #controller: AbortController | undefined;
  #stopped: { readonly reason: unknown } | undefined;

  /** The signal. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#stopped !== undefined) this.#controller.abort(this.#stopped.reason);
    return this.#controller.signal;
  }

  /** Aborts it. */
  abort(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#controller?.abort(reason);
  }
}

/** Rejects a promise if the result is needed at once. Its own rejection is then ignored. */
export function refusePromise(action: string, name: string, answer: unknown): void {
  if (typeof answer !== "object" || answer === null || !isThenable(answer)) return;
  Promise.resolve(answer).catch(() => {});
  fail(action, name, "a function that returns no promise", answer);
}

/** Rejects a result that is not a boolean. The rejection of a promise is then ignored. */
export function truthOf(action: string, answer: unknown): boolean {
  if (answer === true || answer === false) return answer;
  Promise.resolve(answer).catch(() => {});
  fail(action, "fn", `a function that returns ${truthValue.expected}`, answer);
}
