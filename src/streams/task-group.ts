import { isThenable } from "../runtime/thenable.ts";

/** Work for each job. Neither `done` nor `failed` may throw. */
export interface Task<J, R, O = void> {
  /** Calls the user's function. */
  call(job: J): R | PromiseLike<R>;
  /** Receives the result of the call; at once if it is not a promise. */
  done(job: J, result: R): O;
  /** Receives the error of the call. */
  failed(job: J, error: unknown): O;
}

/**
 * Makes a limited number of calls at the same time: the structured concurrency of everything that calls
 * user code in parallel. The handlers are shared by all jobs, as a closure for each would be a cost for
 * each batch.
 */
export class TaskGroup<J, R, O = void> {
  readonly #limit: number;
  readonly #task: Task<J, R, O>;
  #running = 0;

  /** Creates a group of at most `limit` calls. */
  constructor(limit: number, task: Task<J, R, O>) {
    this.#limit = limit;
    this.#task = task;
  }

  /** Number of calls that have begun and not settled. */
  get running(): number {
    return this.#running;
  }

  /** True if one more call may begin. */
  get hasRoom(): boolean {
    return this.#running < this.#limit;
  }

  /** Makes the call for a job. If no promise is awaited, returns the result of `done` or `failed`. */
  run(job: J): O | undefined {
    this.#running++;
    let result: R | PromiseLike<R>;
    let isAsync: boolean;
    try {
      result = this.#task.call(job);
      isAsync = isThenable(result);
    } catch (error) {
      this.#running--;
      return this.#task.failed(job, error);
    }
    if (!isAsync) {
      this.#running--;
      return this.#task.done(job, result as R);
    }
    this.#wait(job, result as PromiseLike<R>);
    return undefined;
  }

  /** Awaits a promise. It is separate, so that a call without a promise creates no closure. */
  #wait(job: J, result: PromiseLike<R>): void {
    // A thenable may settle twice; a promise does not.
    Promise.resolve(result).then((value) => {
      this.#running--;
      this.#task.done(job, value);
    }, (error) => {
      this.#running--;
      this.#task.failed(job, error);
    });
  }
}
