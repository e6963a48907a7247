/** Most columns that are counted by name. */
const maxNames = 100;
/** What stands for all further ones. */
const others = "…others";

/** Adds up, for each name of a column, in how many rows it had nowhere to go. */
export class Drift {
  readonly #rows = new Map<string, number>();

  /** Adds what one load has dropped; a count that is not a number above 0 adds nothing. */
  add(counts: Readonly<Record<string, number>>): void {
    for (const [column, rows] of Object.entries(counts)) {
      if (!(Number.isFinite(rows) && rows > 0)) continue;
      const isKnown = this.#rows.has(column) || this.#rows.size < maxNames;
      const name = isKnown ? column : others;
      this.#rows.set(name, (this.#rows.get(name) ?? 0) + rows);
    }
  }

  /** Rows by column so far: a copy, in which any text is a name. */
  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#rows); // It defines properties, so "__proto__" is one as well.
  }
}
