import { messageOf } from "../../errors.ts";

/** Key of an item, unique among all items. */
export type ItemKey = string | number;

/** Of how many pages the keys are remembered. */
export const PAGES_REMEMBERED = 10;

/**
 * Checks the seams between pages: which items were on earlier pages, if items have keys, and if a service
 * returns the same page for ever.
 */
export class Seams<T> {
  readonly #keyOf: ((item: T) => unknown) | undefined;
  readonly #seen: Set<ItemKey>[] = []; // One for each page; the last is the newest.
  #stale = 0; // Pages in a row on which nothing was new.
  #text: string | undefined; // Of the page before; its items may be changed by now.

  /** Remembers nothing yet. */
  constructor(keyOf: ((item: T) => unknown) | undefined) {
    this.#keyOf = keyOf;
  }

  /**
   * The indices of the items that were on no page before.
   * @throws {Error} If the page repeats the one before it, or nothing was new for 10 pages.
   */
  fresh(items: readonly T[], page: string): number[] {
    const indices = [...items.keys()];
    if (this.#keyOf === undefined) {
      const text = textOf(items);
      if (items.length > 0 && text !== undefined && text === this.#text) {
        throw new Error(`Page ${page} has the same items as the page before it`);
      }
      this.#text = text;
      return indices;
    }
    const keys = items.map((item, index) => this.key(item, index, page));
    const fresh = indices.filter((index) => !this.#seen.some((seen) => seen.has(keys[index]!)));
    this.#stale = fresh.length > 0 || items.length === 0 ? 0 : this.#stale + 1;
    if (this.#stale === PAGES_REMEMBERED) {
      throw new Error(`Page ${page} is the last of ${PAGES_REMEMBERED} with no item that is new`);
    }
    if (this.#stale === 0) this.#remember(keys);
    return fresh;
  }

  /** The key of an item. */
  key(item: T, index: number, page: string): ItemKey {
    const key = this.#keyOf!(item);
    if (typeof key === "string" || Number.isFinite(key)) return key as ItemKey;
    const words = `Item ${index} of page ${page} needs a string or a number as its key`;
    throw new TypeError(`${words}: current value is ${messageOf(key)}`);
  }

  #remember(keys: readonly ItemKey[]): void {
    this.#seen.push(new Set(keys));
    if (this.#seen.length > PAGES_REMEMBERED) this.#seen.shift();
  }
}

function textOf(items: readonly unknown[]): string | undefined {
  try {
    return JSON.stringify(items);
  } catch {
    return undefined; // What JSON does not hold is not compared.
  }
}

/** Finds out that steps lead in a circle (R. P. Brent, 1980), by one token that is kept. */
export class CircleFinder {
  #kept: string | undefined;
  #steps = 0;
  #power = 1;

  /** Returns true if a token has come before; at the latest after two rounds of the circle. */
  isRepeated(token: unknown): boolean {
    const text = JSON.stringify(token);
    if (text === this.#kept) return true;
    if (++this.#steps < this.#power) return false;
    [this.#kept, this.#steps, this.#power] = [text, 0, this.#power * 2];
    return false;
  }
}
