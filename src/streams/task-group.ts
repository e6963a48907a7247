import { isThenable } from "../thenable.ts";

/**
 * Runs callbacks side by side, so many at once, and knows when none is running: the structured
 * concurrency under everything that calls user code in parallel.
 */
export class TaskGroup {
  readonly #limit: number;
  readonly #onFailure: (error: unknown) => void;
  #running = 0;
  #onIdle: (() => void)[] = [];

  /** Makes a group of at most `limit` calls. `onFailure` is told of each that fails. */
  constructor(limit: number, onFailure: (error: unknown) => void) {
    this.#limit = limit;
    this.#onFailure = onFailure;
  }

  /** Calls that have begun and not settled. */
  get running(): number {
    return this.#running;
  }

  /** One more call may begin. */
  get hasRoom(): boolean {
    return this.#running < this.#limit;
  }

  /**
   * Makes a call and gives its result to `done`, at once where it is no promise, or what it fails
   * with to `failed`. Neither may throw.
   */
  run<R>(
    call: () => R | PromiseLike<R>,
    done: (result: R) => void,
    failed: (error: unknown) => void = this.#onFailure,
  ): void {
    this.#running++;
    let result: R | PromiseLike<R>;
    let isAsync: boolean;
    try {
      result = call();
      isAsync = isThenable(result);
    } catch (error) {
      return this.#settle(failed, error);
    }
    if (!isAsync) return this.#settle(done, result as R);
    // A thenable may settle twice, and a promise does not.
    const settled = Promise.resolve(result);
    settled.then((value) => this.#settle(done, value), (error) => this.#settle(failed, error));
  }

  /** Settles when no call is running. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#running === 0) resolve();
      else this.#onIdle.push(resolve);
    });
  }

  #settle<R>(done: (result: R) => void, result: R): void {
    this.#end();
    done(result);
  }

  #end(): void {
    if (--this.#running > 0) return;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }
}
