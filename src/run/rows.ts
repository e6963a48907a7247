import { skip } from "../streams/skip.ts";

/**
 * The rows of a batch, and which of its items each row comes from: the one place that knows, and by
 * which everything is counted. An item may have no row, one or several; an item's rows are
 * neighbors, and always travel in one load. Items are told by their index in the batch.
 *
 * Rows that belong to no single item are a batch that is never cut. As many of its items count as
 * loaded as there are rows, and the others as left out.
 */
export class Rows<T> {
  /** The rows, in the order of their items. Whoever is given them may change them. */
  readonly values: readonly T[];
  /** How many rows there were, whatever has become of `values`. */
  readonly count: number;
  /** How many items count as loaded once all rows are. */
  readonly itemCount: number;
  /** Whether each row belongs to one item, so that a load can be cut between two items. */
  readonly isDivisible: boolean;
  readonly #sources: readonly number[] | undefined; // Ascending; `undefined` where row n is of item n.

  /** Takes rows with the item of each: without `sources`, there is one row for each item. */
  constructor(values: readonly T[], sources?: readonly number[], isDivisible = true) {
    this.values = values;
    this.count = values.length;
    this.isDivisible = isDivisible;
    this.#sources = sources;
    if (sources === undefined) this.itemCount = this.count;
    else if (isDivisible) this.itemCount = countDistinct(sources);
    else this.itemCount = Math.min(this.count, sources.length);
  }

  /** Rows of these items that belong to no single one. */
  static whole<T>(values: readonly T[], items: readonly number[]): Rows<T> {
    return new Rows(values, items, false);
  }

  /** The item that a row comes from; `undefined` where it belongs to no single one. */
  sourceOf(row: number): number | undefined {
    if (!this.isDivisible) return undefined;
    return this.#sources === undefined ? row : this.#sources[row];
  }

  /** The items that the rows come from. */
  get items(): readonly number[] {
    const sources = this.#sources;
    if (sources === undefined) return firstIntegers(this.count);
    return sources.filter((item, row) => item !== sources[row - 1]);
  }

  /** The items of a batch of this size that have no row. */
  itemsWithout(size: number): number[] {
    const without: number[] = [];
    if (this.itemCount === size) return without;
    const items = this.count === 0 ? [] : this.items;
    for (let item = 0, next = 0; item < size; item++) {
      if (items[next] === item) next++;
      else without.push(item);
    }
    return without;
  }

  /** The rows of some items, one after the other, in an array of its own. */
  of(items: readonly number[]): T[] {
    return this.#rowsOf(items).map((row) => this.values[row]!);
  }

  /** The item of each row that `of` gives for these items. */
  sourcesIn(items: readonly number[]): readonly number[] {
    return this.#rowsOf(items).map((row) => this.sourceOf(row)!);
  }

  #rowsOf(items: readonly number[]): readonly number[] {
    const sources = this.#sources;
    if (sources === undefined) return items;
    const rows: number[] = [];
    for (const item of items) {
      for (let row = firstOf(sources, item); sources[row] === item; row++) rows.push(row);
    }
    return rows;
  }
}

/** The rows of a batch of this size, by what its transform gave: each a row, or `skip`. */
export function rowsFrom<T>(results: readonly (T | typeof skip)[], size: number): Rows<T> {
  if (results.length === size && !results.includes(skip)) return new Rows(results as readonly T[]);
  const values: T[] = [];
  const sources: number[] = [];
  for (let index = 0; index < results.length; index++) {
    const result = results[index] as T | typeof skip;
    if (result === skip) continue;
    values.push(result);
    sources.push(index);
  }
  if (results.length === size) return new Rows(values, sources);
  return Rows.whole(values, firstIntegers(size));
}

function firstIntegers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** How many ascending numbers there are, each counted once. */
function countDistinct(numbers: readonly number[]): number {
  let count = 0;
  for (let index = 0; index < numbers.length; index++) {
    if (numbers[index] !== numbers[index - 1]) count++;
  }
  return count;
}

/** The index of the first of some ascending numbers that is not below this one. */
function firstOf(numbers: readonly number[], wanted: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
