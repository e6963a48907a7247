import type { TableCounts } from "../report-types.ts";

/** Counts the outcome of rows in a transaction, reported once that is committed. */
export class Written {
  #tables: Record<string, { -readonly [kind in keyof TableCounts]: number }> = Object.create(null);

  /** Adds rows of a table; where nobody knows how many, or there are none, nothing. */
  add(table: string, kind: keyof TableCounts, rows: number | undefined): void {
    if (!rows) return;
    const counts = this.#tables[table] ??= {};
    counts[kind] = (counts[kind] ?? 0) + rows;
  }

  /** Adds rows of which so many have changed the table; nothing where nobody knows how many. */
  addOf(
    table: string,
    kind: "inserted" | "written",
    rows: number,
    changes: number | undefined,
  ): void {
    if (changes === undefined) return;
    this.add(table, kind, changes);
    this.add(table, "unchanged", rows - changes);
  }

  /** Adds what another one tells. */
  addAll(counts: Readonly<Record<string, TableCounts>>): void {
    for (const [table, rows] of Object.entries(counts)) {
      for (const [kind, count] of Object.entries(rows)) {
        this.add(table, kind as keyof TableCounts, count);
      }
    }
  }

  /** Forgets all, as the transaction begins again. */
  clear(): void {
    this.#tables = Object.create(null);
  }

  /** Reports what was committed, if anything. */
  tell(context: { wrote?(counts: Readonly<Record<string, TableCounts>>): void }): void {
    if (Object.keys(this.#tables).length > 0) context.wrote?.(this.#tables);
  }
}
