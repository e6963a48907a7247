import { isThenable } from "../runtime/thenable.ts";

/** Work for each job. Neither `done` nor `failed` may throw. */
export interface Task<J, R, O = void> {
  /** Calls the user's function. */
  call(job: J): R | PromiseLike<R>;
  /** Takes what the call gave: at once where it is no promise. */
  done(job: J, result: R): O;
  /** Takes what the call failed with. */
  failed(job: J, error: unknown): O;
}

/**
 * Makes calls side by side, so many at once: the structured concurrency under everything that calls
 * user code in parallel. What is done for a job is told once for all of them, as a closure for each
 * would be paid for each batch.
 */
export class TaskGroup<J, R, O = void> {
  readonly #limit: number;
  readonly #task: Task<J, R, O>;
  #running = 0;

  /** Makes a group of at most `limit` calls. */
  constructor(limit: number, task: Task<J, R, O>) {
    this.#limit = limit;
    this.#task = task;
  }

  /** Calls that have begun and not settled. */
  get running(): number {
    return this.#running;
  }

  /** One more call may begin. */
  get hasRoom(): boolean {
    return this.#running < this.#limit;
  }

  /** Makes the call for a job. If no promise is awaited, gives what `done` or `failed` gave. */
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

  /** Of its own, so that a call that gives no promise pays for no closure. */
  #wait(job: J, result: PromiseLike<R>): void {
    // A thenable may settle twice, and a promise does not.
    Promise.resolve(result).then((value) => {
      this.#running--;
      this.#task.done(job, value);
    }, (error) => {
      this.#running--;
      this.#task.failed(job, error);
    });
  }
}
