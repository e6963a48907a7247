import type { Answer } from "./chunk-reader.ts";
import type { Inputs } from "./inputs.ts";

/** Rest of the last array of items of a source. */
interface Head<T> {
  items: readonly T[];
  next: number;
  isOver: boolean;
}

/** The next items of several sources, of each as many as came in one array. */
export class Heads<T> {
  readonly #inputs: Inputs<T>;
  readonly #heads: readonly Head<T>[];

  /** Asks for nothing yet. */
  constructor(inputs: Inputs<T>) {
    this.#inputs = inputs;
    this.#heads = Array.from({ length: inputs.count }, () => ({
      items: [],
      next: 0,
      isOver: false,
    }));
  }

  /** Returns the number of items of a source that are here. */
  left(index: number): number {
    const { items, next } = this.#heads[index]!;
    return items.length - next;
  }

  /** The next item of a source, which is here. */
  peek(index: number): T {
    const { items, next } = this.#heads[index]!;
    return items[next]!;
  }

  /** Takes the next item of a source, which is here. */
  take(index: number): T {
    const head = this.#heads[index]!;
    return head.items[head.next++]!;
  }

  /**
   * Reads on, side by side, until each source has an item here or is at its end. If one fails, all are
   * cancelled, and it rejects with that.
   */
  fill(most?: number): void | Promise<void> {
    let pending: Promise<void>[] | undefined;
    for (let index = 0; index < this.#heads.length; index++) {
      const filled = this.#fillOne(index, most);
      if (filled !== undefined) (pending ??= []).push(filled);
    }
    // The first that fails is told at once, and cancels what is still awaited.
    return pending && Promise.all(pending).then(() => {}, (error) => this.#inputs.endBy(error));
  }

  /** Cancels all sources that are not at their end. */
  cancel(reason: unknown): Promise<void> {
    for (const head of this.#heads) {
      head.items = [];
      head.next = 0;
    }
    return this.#inputs.cancel(reason);
  }

  #fillOne(index: number, most?: number): Promise<void> | undefined {
    const head = this.#heads[index]!;
    while (!head.isOver && head.next >= head.items.length) {
      let answer: Answer<T> | Promise<Answer<T>>;
      try {
        answer = this.#inputs.next(index, most);
      } catch (error) {
        return Promise.reject(error);
      }
      if (answer instanceof Promise) {
        return answer.then((items) => {
          this.#put(head, items);
          return this.#fillOne(index, most);
        });
      }
      this.#put(head, answer);
    }
    return undefined;
  }

  #put(head: Head<T>, items: Answer<T>): void {
    head.items = items ?? [];
    head.next = 0;
    head.isOver = items === undefined;
  }
}
