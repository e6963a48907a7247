import { onAbort } from "../../runtime/signals.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";

/** Reads until a signal aborts, which then is the end. */
export class UntilReader<T> implements ChunkReader<T> {
  readonly #input: ChunkReader<T>;
  readonly #signal: AbortSignal;
  #unfollow: (() => void) | undefined;
  #isOver = false;
  #stop: ((answer: undefined | Promise<undefined>) => void) | undefined; // An answer is awaited.

  /** Makes a reader, which follows the signal from the first answer that is asked for on. */
  constructor(input: ChunkReader<T>, signal: AbortSignal) {
    this.#input = input;
    this.#signal = signal;
  }

  /** Returns the next items, or the end. */
  next(most?: number): Answer<T> | Promise<Answer<T>> {
    if (this.#isOver) return undefined;
    if (this.#signal.aborted) return this.#abort(this.#signal.reason);
    this.#unfollow ??= onAbort(this.#signal, (reason) => {
      const stop = this.#stop;
      if (stop !== undefined) stop(this.#abort(reason));
    });
    let answer: Answer<T> | Promise<Answer<T>>;
    try {
      answer = this.#input.next(most);
    } catch (error) {
      this.#end();
      throw error;
    }
    if (!(answer instanceof Promise)) return this.#checked(answer);
    return new Promise((resolve, reject) => {
      this.#stop = resolve;
      answer.then((items) => resolve(this.#checked(items)), (error) => {
        if (!this.#isOver) this.#end();
        reject(error);
      });
    });
  }

  /** Cancels the input. */
  cancel(reason: unknown): void | Promise<void> {
    if (this.#isOver) return;
    this.#stop?.(undefined);
    this.#end();
    return this.#input.cancel(reason);
  }

  #checked(items: Answer<T>): Answer<T> {
    this.#stop = undefined;
    if (this.#isOver) return undefined;
    if (items === undefined) this.#end();
    return items;
  }

  async #abort(reason: unknown): Promise<undefined> {
    this.#end();
    await this.#input.cancel(reason);
  }

  #end(): void {
    this.#isOver = true;
    this.#stop = undefined;
    this.#unfollow?.();
  }
}
