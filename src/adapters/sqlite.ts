/**
 * SQLite as the target or the source of a pipeline: a sink that commits rows and checkpoints together,
 * and a source that reads in pages. For `node:sqlite` (Node, Deno, Bun), better-sqlite3 and `bun:sqlite`.
 * You open the database and pass it in.
 * @module
 */
export type { SqliteDatabase, SqliteStatement, SqliteValue } from "./sqlite/client.ts";
export { type Tombstone, tombstone } from "../sql/tombstone.ts";
export type { SqliteDeliveryOptions } from "./sqlite/deliveries.ts";
export { sqliteSink } from "./sqlite/sink.ts";
export type { SqliteLoad, SqliteSink, SqliteStage, SqliteWrappedLoad } from "./sqlite/sink.ts";
export type { SinkLoadContext as SqliteLoadContext } from "../checkpoints/load-context.ts";
export type { SqliteSinkOptions } from "./sqlite/sink-options.ts";
export type {
  SqliteTableOptions,
  SqliteTables,
  SqliteTablesOptions,
} from "./sqlite/tables-options.ts";
export type {
  SqliteInsertOptions,
  SqliteTransaction,
  SqliteWriteOptions,
} from "./sqlite/transaction.ts";
export type { Fitting, LinksAmong, RowsByTable, RowsOf, RowWith } from "../sql/typed-rows.ts";
export type { LinkOptions, ParentLink } from "../sql/linked-tables.ts";
export type { SqliteKey } from "./sqlite/key-json.ts";
export { splitByKey, type SqliteKeyRange, type SqliteSplitOptions } from "./sqlite/split-by-key.ts";
export { sqliteSource } from "./sqlite/source.ts";
export type { SqliteRow, SqliteSourceOptions } from "./sqlite/source.ts";
