import { Batcher } from "./batcher.ts";

/**
 * A batcher with what the reader of a source needs: quick ways in, counts, and a wait for room. They
 * stand apart, as a bucket does without them.
 */
export class SourceBatcher<T> extends Batcher<T> {
  #closedItems = 0; // Of all batches that were closed so far.
  #onRoom = () => {}; // Called in vain where nobody waits any more.

  /** Items in the batch that is being filled. Its time may be up at any wait: ask anew. */
  get size(): number {
    return this.open.length;
  }

  /** Items that are gathered. */
  get gathered(): number {
    return this.closed.reduce((sum, batch) => sum + batch.length, this.open.length);
  }

  /** Gathered items, batch by batch. */
  get batches(): readonly (readonly T[])[] {
    return [...this.closed, this.open];
  }

  /** Items that were taken in so far. */
  get accepted(): number {
    return this.#closedItems + this.open.length;
  }

  /**
   * The quick way to put an item in where nothing is measured: nothing else is looked at. Tells
   * whether its batch needs attention, as it has just begun or has come to `limit` items; then
   * `attend` has to be called before the next one.
   */
  push(item: T, limit: number): boolean {
    const size = this.open.push(item);
    return size === 1 || size >= limit;
  }

  /** Does what is due for the batch of the item that `push` put in last. */
  attend(): void {
    this.grow(this.open.length - 1);
  }

  /**
   * Puts in those items of an array that its batch has room for, where nothing is measured. With
   * `isOwned` the array, which is nobody else's, becomes the batch if it begins with it.
   */
  addAll(items: T[], from: number, to: number, isOwned: boolean): void {
    const open = this.open;
    const size = open.length;
    if (size === 0) this.open = isOwned ? items : items.slice(from, to);
    else for (let index = from; index < to; index++) open.push(items[index]!);
    this.grow(size);
  }

  override take(): T[] | undefined {
    const batch = super.take();
    if (!this.isFull) this.#onRoom();
    return batch;
  }

  /** Settles when the bucket takes items again, or is over. */
  room(): Promise<void> {
    return new Promise((resolve) => void (this.#onRoom = resolve));
  }

  override discard(): void {
    super.discard();
    this.#onRoom();
  }

  protected override seal(): void {
    this.#closedItems += this.open.length;
    super.seal();
  }
}
