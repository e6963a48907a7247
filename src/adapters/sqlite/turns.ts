import { isThenable } from "../../runtime/thenable.ts";

/** Work on one connection, one after the other: at once where none is going on. */
export class Turns {
  #last: Promise<void> | undefined;

  /** Does something when it has its turn; what it gives or promises comes through. */
  take<T>(work: () => T): T | Promise<Awaited<T>> {
    const result = this.#last === undefined ? work() : this.#last.then(work);
    if (!isThenable(result)) return result as T;
    const promise = Promise.resolve(result) as Promise<Awaited<T>>;
    const end: Promise<void> = promise.then(() => {}, () => {}).then(() => {
      if (this.#last === end) this.#last = undefined;
    });
    this.#last = end;
    return promise;
  }
}
