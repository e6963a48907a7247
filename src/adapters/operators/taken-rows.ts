import type { Share } from "./branch.ts";

/** Copies of one row: those of calls that have not succeeded, and how many of them a branch surely has. */
interface Copies {
  open: number;
  taken: number;
}

/**
 * Rows of a batch that the branches of a load have, until all of it is loaded. A call that is made
 * again, for all of the batch or a part of it, loads nothing twice. Rows are compared as keys of a
 * `Map`: of equal ones in one batch, of which a branch has some, it may receive one again, and
 * never one too few.
 */
export class TakenRows {
  readonly #first: readonly Share[];
  readonly #took = new Set<string>(); // Branches that have all of the first call.
  #copies: Map<string, Map<unknown, Copies>> | undefined; // Made when it is first asked for.

  /** Knows the rows of the first call for a batch, of which nobody has any. */
  constructor(first: readonly Share[]) {
    this.#first = first;
  }

  /** Nothing is left that a call might be made for again. */
  get isOver(): boolean {
    for (const copies of this.#counted.values()) {
      for (const { open } of copies.values()) if (open > 0) return false;
    }
    return true;
  }

  /** A share without the rows that its branch surely has. */
  lackedOf(share: Share): Share {
    const { name, rows, places } = share;
    const known = this.#counted.get(name);
    if (known === undefined) return share; // It has a name that the row did not have before.
    const had = new Map<unknown, number>();
    for (const [row, count] of countsOf(rows)) {
      const { open, taken } = known.get(row) ?? { open: count, taken: 0 };
      had.set(row, Math.max(0, taken - Math.max(0, open - count)));
    }
    const lacked: number[] = [];
    rows.forEach((row, index) => {
      const left = had.get(row)!;
      if (left > 0) had.set(row, left - 1);
      else lacked.push(index);
    });
    if (lacked.length === rows.length) return share;
    const of = <V>(values: readonly V[]) => lacked.map((index) => values[index]!);
    return { name, rows: of(rows), places: of(places) };
  }

  /** A branch has all rows of a share. */
  took(share: Share): void {
    if (this.#copies === undefined && this.#first.includes(share)) {
      this.#took.add(share.name);
      return;
    }
    const known = this.#counted.get(share.name);
    for (const [row, count] of countsOf(share.rows)) {
      const copies = known?.get(row);
      if (copies !== undefined) copies.taken = Math.max(copies.taken, count);
    }
  }

  /** All branches have their shares of a call, which is over. */
  settle(shares: readonly Share[]): void {
    for (const { name, rows } of shares) {
      const known = this.#counted.get(name);
      for (const [row, count] of countsOf(rows)) {
        const copies = known?.get(row);
        if (copies === undefined) continue;
        copies.open = Math.max(0, copies.open - count);
        copies.taken = Math.max(0, copies.taken - count);
      }
    }
  }

  get #counted(): Map<string, Map<unknown, Copies>> {
    this.#copies ??= new Map(this.#first.map(({ name, rows }) => {
      const isTaken = this.#took.has(name);
      const counts = [...countsOf(rows)];
      return [
        name,
        new Map(counts.map(([row, open]) => [row, { open, taken: isTaken ? open : 0 }])),
      ];
    }));
    return this.#copies;
  }
}

function countsOf(rows: readonly unknown[]): Map<unknown, number> {
  const counts = new Map<unknown, number>();
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
  return counts;
}
