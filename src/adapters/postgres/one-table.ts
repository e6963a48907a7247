import { BatchError } from "../../errors.ts";
import { badRows } from "./table/bad-rows.ts";
import type { CheckedBatch, Destination } from "./destination.ts";
import type { Database } from "./database.ts";
import { KnownTable } from "./known-table.ts";
import { partsOf } from "./rows.ts";
import { KnownTables } from "./tables/known-tables.ts";
import { tombstoneKey } from "../../sql/tombstone.ts";
import type { SinkSettings } from "./sink-options.ts";

/** One table to send batches to. */
export class OneTable implements Destination {
  readonly #table: KnownTable;
  readonly #name: string;
  readonly #maxLength: number;
  /** For batches with tombstones, whose order it keeps, and for those that need new columns. */
  readonly #inSteps: Destination;

  /** Stores a table that was looked up. */
  constructor(
    database: Database,
    { table: name }: SinkSettings,
    table: KnownTable,
    maxLength: number,
  ) {
    this.#table = table;
    this.#name = name;
    this.#maxLength = maxLength;
    const link = { name, parent: undefined, missing: undefined, children: [] };
    this.#inSteps = new KnownTables(database, [link], [table], maxLength);
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

  /** Returns true if the table has not changed. */
  isCurrent(signal: AbortSignal): Promise<boolean> {
    return this.#table.isCurrent(signal);
  }

  /** Checks a batch. */
  async read(rows: readonly object[], signal?: AbortSignal): Promise<CheckedBatch> {
    const table = this.#table;
    const hasTombstones = rows.some((row) => tombstoneKey(row) !== undefined);
    const batch = hasTombstones ? undefined : await table.look(rows, signal);
    if (batch === undefined || batch.fresh.size > 0) {
      return this.#inSteps.read(rows.map((row) => ({ [this.#name]: [row] })), signal);
    }
    const { groups, drift, failures } = batch;
    if (failures.size > 0) throw new BatchError(failures);
    const parts = groups.flatMap((group) => partsOf(group, this.#maxLength));
    let prepared: ReturnType<KnownTable["prepare"]>[] | undefined;
    return {
      drift,
      send: async (session) => {
        // What stays while the database works is moved by each collection: only texts do.
        prepared ??= parts.splice(0).map((part) => table.prepare(part));
        for (const send of prepared) await send(session);
      },
      lacksRight: (error) => table.lacksRight(error) ? table.target.table : undefined,
      badRows: async (database) =>
        badRows(database, table, prepared ? (await table.look(rows, signal)).groups : parts),
    };
  }
}
