import { isMany } from "../streams/many-mark.ts";
import { skip, withoutSkips } from "../streams/skip.ts";

/** Which items rows come from, where it is not one row for each. */
export interface Sources {
  /**
   * The item of each row, in ascending order, so that those of an item are neighbors; or a function that returns
   * them. Where rows belong to no single item: all items that they come from.
   */
  items: readonly number[] | (() => readonly number[]);
  /** Number of these items. */
  readonly itemCount: number;
  /** If true, each row belongs to one item. */
  readonly isDivisible: boolean;
}

/**
 * The rows of a batch, and which of its items each row comes from: the one place that knows, and by
 * which everything is counted. An item may have no row, one or several; an item's rows are
 * neighbors, and always travel in one load. Items are told by their index in the batch.
 *
 * Rows that belong to no single item are a batch that is never cut.
 */
export class Rows<T> {
  /** The rows, in the order of their items. Whoever is given them may change them. */
  readonly values: readonly T[];
  /** Number of rows, even after `values` was emptied. */
  readonly count: number;
  readonly #sources: Sources | undefined; // `undefined` where row n is of item n.

  /** Takes rows, one for each item if nothing else is said. */
  constructor(values: readonly T[], sources?: Sources) {
    this.values = values;
    this.count = values.length;
    this.#sources = sources;
  }

  /** Number of items that count as loaded once all rows are. */
  get itemCount(): number {
    return this.#sources === undefined ? this.count : this.#sources.itemCount;
  }

  /** If true, each row belongs to one item, so that a load can be cut between two items. */
  get isDivisible(): boolean {
    return this.#sources === undefined || this.#sources.isDivisible;
  }

  /** The items that the rows come from. */
  get items(): readonly number[] {
    const sources = this.#listed;
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
    const sources = this.#listed;
    return sources === undefined ? items : this.#rowsOf(items).map((row) => sources[row]!);
  }

  get #listed(): readonly number[] | undefined {
    const sources = this.#sources;
    if (typeof sources?.items === "function") sources.items = sources.items();
    return sources?.items as readonly number[] | undefined;
  }

  #rowsOf(items: readonly number[]): readonly number[] {
    const sources = this.#listed;
    if (sources === undefined) return items;
    const rows: number[] = [];
    for (const item of items) {
      for (let row = firstOf(sources, item); sources[row] === item; row++) rows.push(row);
    }
    return rows;
  }
}

/** Rows of a batch that is not transformed yet. */
export const noRows: Rows<never> = new Rows<never>([]);

/**
 * The rows of a batch, by what its transform gave for each item: a row, `skip`, or where it `mayHaveMany`,
 * rows in the place of one.
 */
export function rowsFrom<T>(results: readonly unknown[], mayHaveMany: boolean): Rows<T> {
  const many = mayHaveMany ? results.find(isMany) : undefined;
  if (many !== undefined) {
    const expanded = many.expand(results);
    return new Rows(expanded.values as T[], expanded);
  }
  const values = withoutSkips(results as T[]);
  return values.length === results.length ? new Rows(values) : rowsOfSome(values, results);
}

/** A separate function, as a closure in `rowsFrom` slows it even where it is not made. */
function rowsOfSome<T>(values: T[], results: readonly unknown[]): Rows<T> {
  const items = () => firstIntegers(results.length).filter((item) => results[item] !== skip);
  return new Rows(values, { items, itemCount: values.length, isDivisible: true });
}

function firstIntegers(count: number): number[] {
  const integers: number[] = [];
  for (let index = 0; index < count; index++) integers.push(index);
  return integers;
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
