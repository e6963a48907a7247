import {
  callable,
  checkOptions,
  type Complete,
  fail,
  type OptionTable,
  positiveInteger,
  truthValue,
} from "../../plain-options.ts";

/** What a function is told of its call. */
export interface CallContext {
  /** Aborts when the result is no longer wanted. One for all calls of a reading. */
  readonly signal: AbortSignal;
}

/** How calls that give promises are made. Without effect as long as none does. */
export interface CallOptions {
  /**
   * Calls in flight at once: a positive integer.
   * @default {1}
   */
  readonly concurrency?: number | undefined;
  /**
   * Whether results come in the order of the items, or as they are done.
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
