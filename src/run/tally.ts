import { nameWithin } from "./names-within.ts";

/** Most names that are told apart. */
const maxNames = 100;

/** Adds up numbers by name, or such sums by a further name. */
export class Tally<T> {
  readonly #sums = new Map<string, unknown>();

  /** Adds what one load tells; a number that is not one above 0 adds nothing. */
  add(counts: object): this {
    for (const [key, value] of Object.entries(counts)) {
      const name = nameWithin(this.#sums, key, maxNames);
      const sum = this.#sums.get(name);
      if (Object(value) === value) {
        this.#sums.set(name, (sum as Tally<unknown> ?? new Tally()).add(value));
      } else if (Number.isFinite(value) && value > 0) {
        this.#sums.set(name, (sum as number ?? 0) + value);
      }
    }
    return this;
  }

  /** The sums so far: a copy, in which any text is a name. */
  read(): Readonly<Record<string, T>> {
    // It defines properties, so "__proto__" is one as well.
    return Object.fromEntries(
      [...this.#sums].map(([name, sum]) => [name, (sum instanceof Tally ? sum.read() : sum) as T]),
    );
  }
}
