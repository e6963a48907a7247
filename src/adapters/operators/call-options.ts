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
  /** Aborts when the result is no longer wanted. One for all calls of a reading. */
  readonly signal: AbortSignal;
}

/** Options of calls that return promises. Without effect as long as none does. */
export interface CallOptions {
  /**
   * Calls in flight at once: a positive integer.
   * @default {1}
   */
  readonly concurrency?: number | undefined;
  /**
   * If true, results come in the order of the items; otherwise, as they are done.
   * @default {true}
   */
  readonly ordered?: boolean | undefined;
  /**
   * With `ordered`, how many finished results may wait for a slower earlier one: a positive integer.
   * Those of the calls that are in flight beside it always may, which are `concurrency - 1`.
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

/** Refuses what cannot be called. */
export function checkFunction(operator: string, name: string, fn: unknown): void {
  if (!callable.test(fn)) fail(`construct ${operator}`, name, callable.expected, fn);
}

/** The signal of the calls of one reading, which is made when somebody asks for it. */
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

/** Refuses a promise where the answer is needed at once; its rejection is then ignored. */
export function refusePromise(action: string, name: string, answer: unknown): void {
  if (typeof answer !== "object" || answer === null || !isThenable(answer)) return;
  Promise.resolve(answer).catch(() => {});
  fail(action, name, "a function that returns no promise", answer);
}

/** Refuses what is neither true nor false; the rejection of a promise is then ignored. */
export function truthOf(action: string, answer: unknown): boolean {
  if (answer === true || answer === false) return answer;
  Promise.resolve(answer).catch(() => {});
  fail(action, "fn", `a function that returns ${truthValue.expected}`, answer);
}
