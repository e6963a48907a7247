import { setTimer } from "../../runtime/timer.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";

/** Value in place of an answer that has not come in time. */
export const late: unique symbol = Symbol("late");

/** An answer, or `late`. */
export type TimedAnswer<T> = Answer<T> | typeof late;

/** Waits for the answers of a reader no longer than until a deadline; a late one comes the next time. */
export class PatientReader<T> {
  readonly #input: ChunkReader<T>;
  #pending: Promise<Answer<T>> | undefined; // Was not given yet.
  #stop = () => {};

  /** Makes it for a reader that nobody else asks. */
  constructor(input: ChunkReader<T>) {
    this.#input = input;
  }

  /** Gives the next items, or `late` where they are not there at `deadline`, by `performance.now()`. */
  next(deadline: number, most?: number): TimedAnswer<T> | Promise<TimedAnswer<T>> {
    const answer = this.#pending ?? this.#input.next(most);
    if (!(answer instanceof Promise)) return answer;
    this.#pending = answer;
    return new Promise((resolve, reject) => {
      let isWaiting = true;
      const end = (): boolean => {
        const wasWaiting = isWaiting;
        isWaiting = false;
        clear();
        return wasWaiting;
      };
      const delay = deadline === Infinity ? Infinity : Math.max(0, deadline - performance.now());
      const clear = setTimer(delay, () => {
        if (end()) resolve(late);
      });
      this.#stop = () => {
        if (end()) resolve(undefined);
      };
      answer.then((items) => {
        if (!end()) return;
        this.#pending = undefined;
        resolve(items);
      }, (error) => {
        if (!end()) return; // It is told when it is asked for.
        this.#pending = undefined;
        reject(error);
      });
    });
  }

  /** Cancels the reader; an answer that is awaited is the end. */
  cancel(reason: unknown): void | Promise<void> {
    this.#stop();
    return this.#input.cancel(reason);
  }
}
