/** Maximum number of remembered batches: failed runs leave some that are never requested again. */
const MOST_BATCHES = 1000;

/**
 * Rows that a service accepted while it rejected others of their batch. A run loads the rest of such a
 * batch again; the accepted rows must not be sent again. Equal rows stand for each other.
 */
export class DeliveredRows<T> {
  readonly #batches = new Map<string, Map<T, number>>();

  /** Indices of the rows of a load that are still to be sent. */
  left(batch: string, rows: readonly T[]): number[] {
    const all = [...rows.keys()];
    const delivered = this.#batches.get(batch);
    if (delivered === undefined) return all;
    const counts = new Map(delivered);
    return all.filter((index) => !taken(counts, rows[index]!));
  }

  /** Stores the rows of a batch that were accepted while others were not. */
  add(batch: string, rows: readonly T[]): void {
    const counts = this.#batches.get(batch) ?? new Map<T, number>();
    for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
    this.#batches.set(batch, counts);
    if (this.#batches.size > MOST_BATCHES) this.#batches.delete([...this.#batches.keys()][0]!);
  }

  /** Forgets the rows of a load that is finished. */
  finish(batch: string, rows: readonly T[]): void {
    const counts = this.#batches.get(batch);
    if (counts === undefined) return;
    for (const row of rows) taken(counts, row);
    if (counts.size === 0) this.#batches.delete(batch);
  }
}

/** Takes one of the rows that are counted, if there is one. */
function taken<T>(counts: Map<T, number>, row: T): boolean {
  const count = counts.get(row);
  if (count === undefined) return false;
  if (count === 1) counts.delete(row);
  else counts.set(row, count - 1);
  return true;
}
