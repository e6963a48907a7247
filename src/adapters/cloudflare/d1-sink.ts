import { fail } from "../../options.ts";
import type { RowsOf } from "../../sql/typed-rows.ts";
import { type D1Binding, d1Binding, d1Database } from "./d1.ts";
import { type CloudflareSink, databaseSink, type SinkOptions } from "./sink.ts";
import type {
  CloudflareSinkOptions,
  CloudflareTables,
  CloudflareTablesOptions,
} from "./sink-options.ts";
import type { CloudflareWriteOptions } from "./transaction.ts";

const action = "construct d1Sink";

/**
 * Loads into a table of D1. Each batch is one call of `batch()`, which is one transaction. If the run has
 * `checkpoints: sink.checkpoints`, the mark of its items is part of the transaction: after a crash at any
 * moment, the next run leaves every row there exactly once. If the response of a commit was lost, the
 * next attempt detects that it is done.
 *
 * Rows are objects whose properties are named like the columns, with the values that `sqliteSink`
 * accepts; bytes must fit twice into `maxBytes`. All rows of a batch are sent as JSON in one parameter,
 * so neither the 100 parameters of a statement nor its length are a limit. Numbers stay unchanged: 5 is
 * an integer even in a column without a type.
 *
 * D1 cannot be told to stop: statements sent before `signal` aborts may still be committed. The mark
 * prevents them from being written twice; without checkpoints nothing does.
 *
 * The sink creates its own tables when they are first needed: `millrace_checkpoint`,
 * `millrace_dead_letter`, `millrace_delivery` for the ids of messages, `millrace_guard`, which ends a
 * transaction if another one was faster, and `millrace_made`, for numbers that rows get. It never creates
 * the table for the rows.
 *
 * @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. A load rejects
 *   with it if no row fits: the table, a column or a unique index is missing, or a column is generated.
 *
 * @example A Worker that loads the rows of a request
 * ```ts
 * import { etl } from "millrace";
 * import { type D1Binding, d1Sink } from "millrace/cloudflare";
 * import { readNdjson } from "millrace/ndjson";
 * import { equal } from "node:assert/strict";
 *
 * const worker = {
 *   async fetch(request: Request, { DB }: { DB: D1Binding }): Promise<Response> {
 *     const { load } = d1Sink(DB, { table: "users", columns: ["id", "name"], conflict: "replace" });
 *     const extract = () => readNdjson<{ id: number; name: string }>(request);
 *     return Response.json(await etl({ name: "users", extract, load }).run());
 *   },
 * };
 * equal(typeof worker.fetch, "function");
 * ```
 */
export function d1Sink<const Tables extends CloudflareTables>(
  binding: D1Binding,
  options: CloudflareTablesOptions<Tables>,
): CloudflareSink<RowsOf<Tables>>;
/** Loads by a function that decides which statements are written. */
export function d1Sink<Row extends object = object>(
  binding: D1Binding,
  options: CloudflareWriteOptions<Row>,
): CloudflareSink<Row>;
/** Loads into one table. */
export function d1Sink<const Columns extends readonly string[] = readonly string[]>(
  binding: D1Binding,
  options: CloudflareSinkOptions<Columns>,
): CloudflareSink<RowsOf<NoInfer<Columns>>>;
export function d1Sink(binding: D1Binding, options: SinkOptions): CloudflareSink {
  if (!d1Binding.test(binding)) fail(action, "binding", d1Binding.expected, binding);
  return databaseSink(action, d1Database(binding), options);
}
