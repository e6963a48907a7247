import { badRows } from "./table/bad-rows.ts";
import type { CheckedBatch, Destination } from "./destination.ts";
import type { Database } from "./database.ts";
import { KnownTable } from "./known-table.ts";
import { partsOf } from "./rows.ts";
import type { SinkSettings } from "./sink-options.ts";

/** One table to send batches to. */
export class OneTable implements Destination {
  readonly #table: KnownTable;
  readonly #maxLength: number;

  private constructor(table: KnownTable, maxLength: number) {
    this.#table = table;
    this.#maxLength = maxLength;
  }

  /** @throws {ConfigurationError} If rows cannot be loaded into it, whatever is in them. */
  static async lookUp(
    database: Database,
    options: SinkSettings,
    maxLength: number,
    signal: AbortSignal,
  ): Promise<OneTable> {
    return new OneTable(await KnownTable.read(database, options, signal), maxLength);
  }

  /** Whether the table is still what it was. */
  isCurrent(signal: AbortSignal): Promise<boolean> {
    return this.#table.isCurrent(signal);
  }

  /** Checks a batch. */
  async read(rows: readonly object[], signal?: AbortSignal): Promise<CheckedBatch> {
    const table = this.#table;
    const { groups, drift } = await table.read(rows, signal);
    const parts = groups.flatMap((group) => partsOf(group, this.#maxLength));
    return {
      drift,
      send: async (session) => {
        for (const part of parts) await table.send(session, part);
      },
      lacksRight: (error) => table.lacksRight(error) ? table.target.table : undefined,
      badRows: (database) => badRows(database, table, parts),
    };
  }
}
