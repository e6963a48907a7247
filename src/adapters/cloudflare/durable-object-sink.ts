import { fail } from "../../options.ts";
import type { RowsOf } from "../../sql/typed-rows.ts";
import { type DurableObjectStorage, objectDatabase, objectStorage } from "./durable-object.ts";
import { type CloudflareSink, databaseSink, type SinkOptions } from "./sink.ts";
import type {
  CloudflareSinkOptions,
  CloudflareTables,
  CloudflareTablesOptions,
} from "./sink-options.ts";
import type { CloudflareWriteOptions } from "./transaction.ts";

const action = "construct durableObjectSink";

/**
 * Loads into a table of the SQLite of a Durable Object. Each batch is one `transactionSync()`. If the run
 * has `checkpoints: sink.checkpoints`, the mark of its items is part of the transaction: after an
 * eviction at any moment, the next run leaves every row there exactly once.
 *
 * Rows, options and bookkeeping tables are those of `d1Sink`. Nothing leaves the object: a batch costs no
 * request.
 *
 * @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule, or the class of
 *   the object has no SQLite. A load rejects with it if no row fits: the table, a column or a unique
 *   index is missing, or a column is generated.
 *
 * @example An object that goes on with an import at each alarm
 * ```ts
 * import { etl } from "millrace";
 * import { type DurableObjectStorage, durableObjectSink } from "millrace/cloudflare";
 * import { equal } from "node:assert/strict";
 *
 * class Import { // extends DurableObject
 *   constructor(readonly state: { storage: DurableObjectStorage }) {}
 *
 *   async alarm(): Promise<void> {
 *     const { load, checkpoints } = durableObjectSink(this.state.storage, { table: "numbers" });
 *     const extract = () => [{ n: 1 }, { n: 2 }];
 *     await etl({ name: "numbers", extract, load }).run({ checkpoints });
 *   }
 * }
 * equal(typeof Import.prototype.alarm, "function");
 * ```
 */
export function durableObjectSink<const Tables extends CloudflareTables>(
  storage: DurableObjectStorage,
  options: CloudflareTablesOptions<Tables>,
): CloudflareSink<RowsOf<Tables>>;
/** Loads by a function that decides which statements are written. */
export function durableObjectSink<Row extends object = object>(
  storage: DurableObjectStorage,
  options: CloudflareWriteOptions<Row>,
): CloudflareSink<Row>;
/** Loads into one table. */
export function durableObjectSink<const Columns extends readonly string[] = readonly string[]>(
  storage: DurableObjectStorage,
  options: CloudflareSinkOptions<Columns>,
): CloudflareSink<RowsOf<NoInfer<Columns>>>;
export function durableObjectSink(
  storage: DurableObjectStorage,
  options: SinkOptions,
): CloudflareSink {
  if (!objectStorage.test(storage)) fail(action, "storage", objectStorage.expected, storage);
  return databaseSink(action, objectDatabase(storage), options);
}
