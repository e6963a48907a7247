import { isThenable } from "../../runtime/thenable.ts";
import { isMalformed } from "../../streams/malformed-mark.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import type { Calls } from "./stage.ts";

/** A call, or an item that passes by as it is. */
interface Slot<I, R> {
  readonly item: I;
  state: "running" | "done" | "failed" | "passing";
  result?: R;
  error?: unknown;
}

/**
 * Calls for the items of a reader, several at a time. From the first answer asked for on there are as
 * many calls as may be, while there is input; what they gave waits, bounded, to be asked for.
 */
export class CallReader<I, R, O> implements ChunkReader<O> {
  readonly #input: ChunkReader<I>;
  readonly #calls: Calls<I, R, O>;
  readonly #window: number; // Calls that have begun and whose results were not given.
  #items: readonly I[]; // Read, and no call has begun for those from `#at` on.
  #at = 0;
  #slots: Slot<I, R>[] = []; // In the order of the items, or of being done.
  #running = 0;
  #most = Infinity;
  #isReading = false;
  #isEnded = false; // There are no more items than those in `#items`.
  #isStopped = false; // A call has failed: no further one begins.
  #isOver = false;
  #failure: { readonly error: unknown } | undefined; // Of the input.
  #released: void | Promise<void> = undefined;
  #give: ((answer: Answer<O> | Promise<Answer<O>>) => void) | undefined; // An answer is awaited.
  #onIdle: (() => void)[] = []; // Told when no call runs.

  /** Makes a reader for whose first item the call has begun. */
  constructor(
    input: ChunkReader<I>,
    calls: Calls<I, R, O>,
    items: readonly I[],
    first: PromiseLike<R>,
  ) {
    this.#input = input;
    this.#calls = calls;
    this.#items = items;
    this.#window = calls.ordered
      ? Math.max(calls.concurrency, calls.reorderBuffer + 1)
      : calls.concurrency;
    this.#follow(this.#keep(items[this.#at++]!), first);
  }

  /** Returns the next results, as soon as there is one. */
  next(most: number = Infinity): Promise<Answer<O>> {
    return new Promise((resolve) => {
      this.#most = most;
      this.#give = resolve;
      this.#pump();
      this.#answer();
    });
  }

  /** Aborts the calls, cancels the input, and settles when no call is running. */
  async cancel(reason: unknown): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#calls.abort(reason);
    const cancelled = Promise.resolve(this.#isEnded ? undefined : this.#input.cancel(reason));
    this.#give?.(undefined);
    this.#give = undefined;
    await Promise.all([cancelled, this.#idle()]);
  }

  /** Begins as many calls as may be. */
  #pump(): void {
    const { concurrency, ordered } = this.#calls;
    const window = Math.min(this.#window, this.#most);
    while (!this.#isOver && !this.#isStopped) {
      if (this.#running >= concurrency) return;
      if (this.#slots.length + (ordered ? 0 : this.#running) >= window) return;
      if (this.#at < this.#items.length) this.#begin(this.#items[this.#at++]!);
      else if (this.#isEnded || this.#isReading || !this.#read()) return;
    }
  }

  /** Reads on; returns false if it must wait. */
  #read(): boolean {
    try {
      const items = this.#input.next(this.#most);
      if (!(items instanceof Promise)) {
        this.#take(items);
        return true;
      }
      this.#isReading = true;
      items.then((items) => this.#take(items), (error) => this.#fail(error)).then(() => {
        this.#isReading = false;
        this.#pump();
        this.#answer();
      });
      return false;
    } catch (error) {
      this.#fail(error);
      return true;
    }
  }

  #take(items: Answer<I>): void {
    this.#at = 0;
    this.#items = items ?? [];
    this.#isEnded ||= items === undefined;
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#isEnded = true;
  }

  #begin(item: I): void {
    if (isMalformed(item)) return void this.#slots.push({ item, state: "passing" });
    const slot = this.#keep(item);
    try {
      const result = this.#calls.call(item);
      if (isThenable(result)) return this.#follow(slot, result);
      this.#end(slot, "done", result);
    } catch (error) {
      this.#end(slot, "failed", undefined, error);
    }
  }

  #keep(item: I): Slot<I, R> {
    const slot: Slot<I, R> = { item, state: "running" };
    if (this.#calls.ordered) this.#slots.push(slot);
    this.#running++;
    return slot;
  }

  #follow(slot: Slot<I, R>, result: PromiseLike<R>): void {
    Promise.resolve(result).then(
      (result) => this.#end(slot, "done", result),
      (error) => this.#end(slot, "failed", undefined, error),
    ).then(() => {
      this.#pump();
      this.#answer();
    });
  }

  #end(slot: Slot<I, R>, state: "done" | "failed", result?: R, error?: unknown): void {
    this.#running--;
    slot.state = state;
    slot.result = result!;
    slot.error = error;
    if (!this.#calls.ordered) this.#slots.push(slot);
    if (state === "failed") this.#stop(error);
    if (this.#running > 0) return;
    for (const tell of this.#onIdle.splice(0)) tell();
  }

  /** Begins no further call, and reads no further. */
  #stop(error: unknown): void {
    if (this.#isStopped || this.#isOver) return;
    this.#isStopped = true;
    if (!this.#calls.ordered) this.#calls.abort(error); // In order, those before it are wanted.
    if (this.#isEnded) return;
    this.#isEnded = true;
    try {
      this.#released = this.#input.cancel(error);
      if (this.#released instanceof Promise) this.#released = this.#released.catch(() => {});
    } catch {
      // The error of the call is told.
    }
  }

  /** Answers, if it can: with what is done, with the first error, or with the end. */
  #answer(): void {
    const give = this.#give;
    if (give === undefined) return;
    const out: O[] = [];
    for (;;) {
      let failed: Slot<I, R> | undefined;
      try {
        failed = this.#takeResults(out);
      } catch (error) {
        this.#stop(error);
        failed = this.#slots[0];
        Object.assign(failed!, { state: "failed", error });
      }
      if (out.length > 0) break;
      if (failed !== undefined) return this.#finish(give, failed);
      if (this.#isDone) return this.#finish(give, this.#failure);
      const before = this.#slots.length;
      this.#pump();
      if (this.#slots.length === before && !this.#isDone) return; // To be waited for.
    }
    this.#give = undefined;
    give(out);
    this.#pump();
  }

  get #isDone(): boolean {
    return this.#isEnded && this.#at >= this.#items.length && this.#slots.length === 0 &&
      this.#running === 0;
  }

  /** Takes the results that are next; gives the call that has failed, if that is the next one. */
  #takeResults(out: O[]): Slot<I, R> | undefined {
    let slot = this.#slots[0];
    for (; slot !== undefined && slot.state !== "running"; slot = this.#slots[0]) {
      if (slot.state === "failed") return slot;
      if (slot.state === "passing") out.push(slot.item as unknown as O);
      else this.#calls.take(slot.result as R, slot.item, out);
      this.#slots.shift();
    }
    return undefined;
  }

  /** Tells the end or the failure, once no call is running and the input has let go. */
  #finish(
    give: (answer: Promise<Answer<O>>) => void,
    failure: { readonly error?: unknown } | undefined,
  ): void {
    this.#isOver = true;
    this.#give = undefined;
    this.#calls.abort(failure?.error);
    give(
      Promise.all([this.#released, this.#idle()]).then(() => {
        if (failure !== undefined) throw failure.error;
        return undefined;
      }),
    );
  }

  #idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#onIdle.push(resolve));
  }
}
