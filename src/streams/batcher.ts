import { fail, nonNegative, type Rule, truthValue } from "../plain-options.ts";
import { LONGEST_TIMER } from "../runtime/timer.ts";
import type { BucketLimits } from "./bucket-options.ts";
import { isMalformed } from "./malformed-mark.ts";

/**
 * Gathers items into batches: the one place where count, bytes, `flushWhen` and time decide.
 *
 * It knows no stream. The producer stops while `isFull`, and `onReady` notifies the consumer that a
 * batch can be taken. One timer serves all batches: it is not cleared when a batch closes. When it
 * fires, it checks whether the open batch has waited long enough.
 */
export class Batcher<T> {
  readonly #limits: BucketLimits<T>;
  /** Most items in a batch; a separate field, as every item is compared with it. */
  readonly batchSize: number;
  /** True if bytes or `flushWhen` also decide; these may throw. */
  readonly isMeasured: boolean;
  readonly #onReady: () => void;
  /** Batches that can be taken; with two of them, the bucket is full. */
  protected readonly closed: T[][] = [];
  /** The batch that is being filled. */
  protected open: T[] = [];
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deadline = Infinity; // Of the open batch.
  #isDue = false; // The time of the open batch is up.
  #isOver = false;

  /** Creates an empty bucket that calls `onReady` when a batch can be taken. */
  constructor(limits: BucketLimits<T>, onReady: () => void) {
    this.#limits = limits;
    this.batchSize = limits.batchSize;
    this.isMeasured = (limits.sizeOf ?? limits.flushWhen) !== undefined;
    this.#onReady = onReady;
  }

  /** True if one closed batch waits and one more is full: no further item is accepted. */
  get isFull(): boolean {
    return this.closed.length > 1;
  }

  /** True if nothing is gathered. */
  get isEmpty(): boolean {
    return this.open.length + this.closed.length === 0;
  }

  /** Adds an item. If `sizeOf` or `flushWhen` throws, so does this, and the item is left out. */
  add(item: T): void {
    if (this.isMeasured && !isMalformed(item)) this.#addMeasured(item);
    else this.grow(this.open.push(item) - 1);
  }

  /** Returns the next batch: a closed one, or the open one if its time is up. */
  take(): T[] | undefined {
    const closed = this.closed;
    if (closed.length === 0 && this.#isDue) this.seal();
    return closed.length > 1 ? closed.shift() : closed.pop(); // `pop` is far quicker.
  }

  /** Ends the open batch if its time is up, even if its timer had no chance to run. */
  checkTime(): void {
    if (performance.now() >= this.#deadline) this.#fallDue();
  }

  /** Ends the input: the open batch can be taken, and no timer is left. */
  flush(): void {
    this.#end();
    if (this.open.length > 0) this.#close();
  }

  /** Ends the input and drops the gathered items; no timer is left. */
  discard(): void {
    this.#end();
    this.seal();
    this.closed.length = 0;
  }

  #end(): void {
    this.#isOver = true;
    this.#deadline = Infinity;
    clearTimeout(this.#timer);
  }

  #addMeasured(item: T): void {
    const { maxBytes, sizeOf, flushWhen } = this.#limits;
    const size = sizeOf ? sizeOf(item) : 0;
    checkAnswer("sizeOf", nonNegative, size);
    const isLast = flushWhen ? flushWhen(item) : false;
    checkAnswer("flushWhen", truthValue, isLast);
    if (this.#bytes + size > maxBytes && this.open.length > 0) this.#close();
    this.#bytes += size;
    const from = this.open.push(item) - 1;
    if (isLast || this.#bytes >= maxBytes) this.#close();
    else this.grow(from);
  }

  /** Closes the open batch if it is full; starts its time if this was its first item. */
  protected grow(from: number): void {
    if (this.open.length >= this.batchSize) this.#close();
    else if (from === 0) this.#begin();
  }

  /** Starts the time of the open batch. */
  #begin(): void {
    const { timeout } = this.#limits;
    if (timeout === Infinity || this.#isOver) return;
    this.#deadline = performance.now() + timeout;
    if (this.#timer === undefined) this.#wait(timeout);
  }

  #wait(delay: number): void {
    this.#timer = setTimeout(() => this.#wake(), Math.min(delay, LONGEST_TIMER));
  }

  #wake(): void {
    this.#timer = undefined;
    if (this.#deadline === Infinity) return; // Nothing is open, or it is known to be due.
    const left = this.#deadline - performance.now();
    // A timer may fire up to 1 ms before its time, as it counts whole milliseconds.
    if (left >= 1) this.#wait(left);
    else this.#fallDue();
  }

  #fallDue(): void {
    // Only time can close a batch without a limit, which would grow as long as nobody reads.
    const { batchSize, maxBytes } = this.#limits;
    if (Math.min(batchSize, maxBytes) === Infinity) return this.#close();
    this.#isDue = true;
    this.#deadline = Infinity;
    this.#onReady();
  }

  #close(): void {
    this.seal();
    this.#onReady();
  }

  /** Closes the open batch and begins the next one. */
  protected seal(): void {
    this.closed.push(this.open);
    this.open = [];
    this.#bytes = 0;
    this.#isDue = false;
    this.#deadline = Infinity;
  }
}

/** Rejects a wrong return value of a callback, such as a promise, whose rejection is then ignored. */
function checkAnswer(name: string, rule: Rule, answer: unknown): void {
  if (rule.test(answer)) return;
  Promise.resolve(answer).catch(() => {});
  fail("measure item", name, rule.expected, answer);
}
