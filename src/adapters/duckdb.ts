/**
 * DuckDB as the target or the source of a pipeline: a sink that commits rows and checkpoints together,
 * and a source that streams a query. For `@duckdb/node-api` on Node, Deno and Bun. You open the
 * connection and pass it in.
 * @module
 */
export type {
  DuckdbAppender,
  DuckdbChunk,
  DuckdbConnection,
  DuckdbResult,
  DuckdbStream,
} from "./duckdb/client.ts";
export { type Tombstone, tombstone } from "../sql/tombstone.ts";
export { duckdbSink } from "./duckdb/sink.ts";
export type { DuckdbDeliveryOptions } from "./duckdb/deliveries.ts";
export type { DuckdbLoad, DuckdbSink, DuckdbStage, DuckdbWrappedLoad } from "./duckdb/sink.ts";
export type { SinkLoadContext as DuckdbLoadContext } from "../checkpoints/load-context.ts";
export type { Fitting, LinksAmong, RowsByTable, RowsOf, RowWith } from "../sql/typed-rows.ts";
export type { LinkOptions, ParentLink } from "../sql/linked-tables.ts";
export type { DuckdbSinkOptions } from "./duckdb/sink-options.ts";
export type {
  DuckdbTableOptions,
  DuckdbTables,
  DuckdbTablesOptions,
} from "./duckdb/tables-options.ts";
export type {
  DuckdbInsertOptions,
  DuckdbTransaction,
  DuckdbWriteOptions,
} from "./duckdb/transaction.ts";
export { duckdbSource } from "./duckdb/source.ts";
export type { DuckdbRow } from "./duckdb/own-values.ts";
