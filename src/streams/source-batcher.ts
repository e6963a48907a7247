import { Batcher } from "./batcher.ts";

/**
 * A batcher with additions for the reader of a source: quick ways in, counts, and a wait for room. They
 * are separate, as a bucket does not need them.
 */
export class SourceBatcher<T> extends Batcher<T> {
  #closedItems = 0; // In all batches closed so far.
  #onRoom = () => {}; // Without effect if nobody waits any more.

  /**
   * Number of items in the open batch. Read it again after any wait, as the time of the batch may be up.
   */
  get size(): number {
    return this.open.length;
  }

  /** Number of gathered items. */
  get gathered(): number {
    return this.closed.reduce((sum, batch) => sum + batch.length, this.open.length);
  }

  /** Gathered items, batch by batch. */
  get batches(): readonly (readonly T[])[] {
    return [...this.closed, this.open];
  }

  /** Number of items accepted so far. */
  get accepted(): number {
    return this.#closedItems + this.open.length;
  }

  /**
   * Adds an item quickly, if nothing is measured: it checks nothing else. Returns true if the batch
   * needs attention, as it has just begun or has reached `limit` items; then `attend` must be called
   * before the next item.
   */
  push(item: T, limit: number): boolean {
    const size = this.open.push(item);
    return size === 1 || size >= limit;
  }

  /** Does the work due for the batch of the last item added by `push`. */
  attend(): void {
    this.grow(this.open.length - 1);
  }

  /**
   * Adds the items of an array for which the batch has room, if nothing is measured. With `isOwned`,
   * nobody else uses the array, and it becomes the batch if that is empty.
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

  /** Settles when the bucket accepts items again, or is over. */
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
