import type { TableCounts } from "../report-types.ts";

/** Counts the outcome of rows in a transaction, reported once that is committed. */
export class Written {
  #tables: Record<string, { -readonly [kind in keyof TableCounts]: number }> = Object.create(null);

  /** Adds rows of a table; ignores an unknown number and 0. */
  add(table: string, kind: keyof TableCounts, rows: number | undefined): void {
    if (!rows) return;
    const counts = this.#tables[table] ??= {};
    counts[kind] = (counts[kind] ?? 0) + rows;
  }

  /** Adds rows of which a number has changed the table; ignores an unknown number. */
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

  /** Adds the counts of another transaction. */
  addAll(counts: Readonly<Record<string, TableCounts>>): void {
    for (const [table, rows] of Object.entries(counts)) {
      for (const [kind, count] of Object.entries(rows)) {
        this.add(table, kind as keyof TableCounts, count);
      }
    }
  }

  /** Resets the counts, as the transaction starts again. */
  clear(): void {
    this.#tables = Object.create(null);
  }

  /** Reports what was committed, if anything. */
  tell(context: { wrote?(counts: Readonly<Record<string, TableCounts>>): void }): void {
    if (Object.keys(this.#tables).length > 0) context.wrote?.(this.#tables);
  }
}
