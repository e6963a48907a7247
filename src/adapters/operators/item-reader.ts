import {
  type Answer as Drawn,
  type AsyncSource,
  cancelSource,
  checkAnswer,
} from "../../streams/source.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";

/**
 * Microtasks without an item after which those that have come go on. A generator takes 3 of them for
 * an item, a stream behind two transforms about 10.
 */
const QUIET_TURNS = 12;

/**
 * Reads single items, and yields those together that arrive without a wait. It never makes an item wait
 * for a later one, and reads ahead at most one chunk.
 */
export class ItemReader<T> implements ChunkReader<T> {
  readonly #source: AsyncSource;
  readonly #size: number;
  #items: T[] = [];
  #isReading = false; // The source was asked, and has not answered.
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #limit = 0; // Items at which those that are there go on.
  #give: ((answer: Answer<T> | Promise<never>) => void) | undefined; // An answer is awaited.

  /** Makes a reader that yields at most `size` items at once. */
  constructor(source: AsyncSource, size: number) {
    this.#source = source;
    this.#size = size;
    if (source.kind === "stream") source.reader.closed.catch(() => {}); // Reads tell.
  }

  /** Gives what has come by then, or waits for it. */
  next(most: number = Infinity): Promise<Answer<T>> {
    return new Promise((resolve) => {
      this.#give = resolve;
      this.#limit = Math.min(most, this.#size);
      if (this.#items.length > 0) this.#watch(); // One that came since the last answer.
      if (this.#isOver || this.#items.length >= this.#limit) this.#answer();
      else if (!this.#isReading) this.#ask();
    });
  }

  /** Cancels the source; items that were read and not given are dropped. */
  async cancel(reason: unknown): Promise<void> {
    if (this.#isOver) return void (this.#items = []);
    const cancelled = cancelSource(this.#source, reason);
    this.#items = [];
    this.#end();
    this.#answer();
    await cancelled;
  }

  #ask(): void {
    const source = this.#source;
    this.#isReading = true;
    try {
      const answer = source.kind === "stream" ? source.reader.read() : source.iterator.next();
      Promise.resolve(answer as Drawn).then(this.#take, this.#fail);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #take = (answer: Drawn): void => {
    this.#isReading = false;
    if (this.#isOver) return;
    try {
      const { done, value } = checkAnswer(answer);
      if (done) {
        this.#end();
        return this.#answer();
      }
      this.#items.push(value as T);
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#give === undefined) return;
    if (this.#items.length >= this.#limit) return this.#answer();
    if (this.#items.length === 1) this.#watch();
    this.#ask();
  };

  readonly #fail = (error: unknown): void => {
    if (this.#isOver) return;
    this.#failure = { error };
    this.#end();
    this.#answer();
  };

  /** Lets the items go on once no other has come for some turns. */
  #watch(): void {
    const give = this.#give;
    const settled = Promise.resolve();
    let seen = this.#items.length;
    let left = QUIET_TURNS;
    const look = (): void => {
      if (this.#give !== give || give === undefined) return; // They have gone.
      if (this.#items.length !== seen) {
        seen = this.#items.length;
        left = QUIET_TURNS;
      } else if (--left === 0) return this.#answer();
      settled.then(look);
    };
    settled.then(look);
  }

  #answer(): void {
    const give = this.#give;
    if (give === undefined) return;
    this.#give = undefined;
    if (this.#items.length > 0) {
      const items = this.#items;
      this.#items = [];
      return give(items);
    }
    const failure = this.#failure;
    this.#failure = undefined;
    give(failure === undefined ? undefined : Promise.reject(failure.error));
  }

  #end(): void {
    this.#isOver = true;
    if (this.#source.kind === "stream") this.#source.reader.releaseLock();
  }
}
