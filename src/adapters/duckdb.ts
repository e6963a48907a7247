/**
 * DuckDB as the end or the beginning of a pipeline: a sink whose rows and checkpoints are one commit,
 * and a source that streams a query. For `@duckdb/node-api` on Node, Deno and Bun; the connection is
 * opened by the user and handed in.
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
