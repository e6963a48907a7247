import { BatchError, SplitError } from "../../errors.ts";
import { addColumns, addingStatement } from "./add-columns.ts";
import { badRows } from "./table/bad-rows.ts";
import type { CheckedBatch, Destination } from "./destination.ts";
import type { Database } from "./database.ts";
import { KnownTable } from "./known-table.ts";
import { type Batch, partsOf } from "./rows.ts";
import { KnownTables } from "./tables/known-tables.ts";
import { tombstoneKey } from "../../sql/tombstone.ts";
import type { SinkSettings } from "./sink-options.ts";

/** One table to send batches to. */
export class OneTable implements Destination {
  readonly #table: KnownTable;
  readonly #name: string;
  readonly #maxLength: number;
  readonly #isGrowing: boolean;
  /** For batches with tombstones: it keeps the order of these and rows. */
  readonly #deleting: Destination;

  /** Takes a table as it was looked up. */
  constructor(
    database: Database,
    { table: name, unknown }: SinkSettings,
    table: KnownTable,
    maxLength: number,
  ) {
    this.#table = table;
    this.#name = name;
    this.#isGrowing = unknown === "add";
    this.#maxLength = maxLength;
    const link = { name, parent: undefined, missing: undefined, children: [] };
    this.#deleting = new KnownTables(database, [link], [table], maxLength);
  }

  /** @throws {ConfigurationError} If rows cannot be loaded into it, whatever is in them. */
  static async lookUp(
    database: Database,
    options: SinkSettings,
    maxLength: number,
    signal: AbortSignal,
  ): Promise<OneTable> {
    const table = await KnownTable.read(database, options, signal);
    return new OneTable(database, options, table, maxLength);
  }

  /** Whether the table is still what it was. */
  isCurrent(signal: AbortSignal): Promise<boolean> {
    return this.#table.isCurrent(signal);
  }

  /** Checks a batch. */
  async read(rows: readonly object[], signal?: AbortSignal): Promise<CheckedBatch> {
    const table = this.#table;
    const kept = this.#isGrowing ? rows.filter((row) => tombstoneKey(row) === undefined) : [];
    const seen = kept.length > 0 ? await table.look(kept, signal) : undefined;
    if (seen !== undefined && seen.fresh.size > 0) {
      if (kept.length === rows.length) return this.#growing(rows, seen);
      throw new SplitError("The batch has a tombstone, and rows that need a new column");
    }
    if (rows.some((row) => tombstoneKey(row) !== undefined)) {
      return this.#deleting.read(rows.map((row) => ({ [this.#name]: [row] })), signal);
    }
    const { groups, drift } = seen ?? await table.read(rows, signal);
    if (seen !== undefined && seen.failures.size > 0) throw new BatchError(seen.failures);
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

  /** What adds columns for a batch and sends it, in one transaction. */
  #growing(rows: readonly object[], { drift, fresh, groups }: Batch): CheckedBatch {
    const table = this.#table;
    const statement = addingStatement(table.target, fresh, rows);
    return {
      drift,
      isGrowing: true,
      send: async (session) => {
        await addColumns(session, statement);
        const wider = await table.within(session);
        const batch = await wider.look(rows);
        if (batch.failures.size > 0) throw new BatchError(batch.failures);
        for (const group of batch.groups) {
          for (const part of partsOf(group, this.#maxLength)) await wider.send(session, part);
        }
      },
      lacksRight: (error) => table.lacksRight(error) ? table.target.table : undefined,
      badRows: (database) => badRows(database, table, groups),
    };
  }
}
