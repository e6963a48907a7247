/**
 * PostgreSQL as a source, a sink and a checkpoint store, with the client of your choice: `pg`, `postgres`
 * (postgres.js), PGlite or the `SQL` of Bun.
 * @module
 */
export {
  type PostgresLoad,
  type PostgresSink,
  postgresSink,
  type PostgresStage,
  type PostgresWrappedLoad,
} from "./postgres/sink.ts";
export type {
  PostgresLinkedTableOptions,
  PostgresSinkOptions,
  PostgresTableOptions,
  PostgresTables,
  PostgresTablesOptions,
} from "./postgres/sink-options.ts";
export type { PostgresDeliveryOptions } from "./postgres/deliveries.ts";
export type {
  PostgresTransaction,
  PostgresWrite,
  PostgresWriteOptions,
} from "./postgres/write-options.ts";
export { type Tombstone, tombstone } from "../sql/tombstone.ts";
export type { Fitting, LinksAmong, RowsByTable, RowsOf, RowWith } from "../sql/typed-rows.ts";
export type { LinkOptions, ParentLink } from "../sql/linked-tables.ts";
export { postgresSource, type PostgresSourceOptions } from "./postgres/source.ts";
export {
  type PostgresKeyRange,
  type PostgresSplitOptions,
  splitByKey,
} from "./postgres/split-by-key.ts";
export { postgresJobStore, type PostgresJobStoreOptions } from "./postgres/job-store.ts";
export type {
  JobState,
  JobStore,
  JobWatch,
  Lease,
  PartitionCounts,
  PartitionRecord,
  PartitionResult,
  Settlement,
  StoredJob,
  WatchedFor,
} from "../jobs/job-store.ts";
export type { PostgresClient } from "./postgres/client.ts";
export type { Conflict as PostgresConflict } from "../sql/sink-options.ts";
export type { Row as PostgresRow } from "./postgres/database.ts";
export type { BunSql, BunSqlQuery, BunSqlSession } from "./postgres/clients/bun-sql.ts";
export { PgText } from "./postgres/lossless-text.ts";
export type {
  CopyFrom,
  PgArrayQuery,
  PgClient,
  PgPool,
  PgPoolClient,
  PgResult,
} from "./postgres/clients/pg.ts";
export type { PGlite, PGliteSession } from "./postgres/clients/pglite.ts";
export type {
  PostgresJs,
  PostgresJsQuery,
  PostgresJsSession,
} from "./postgres/clients/postgres-js.ts";
export type { SinkLoadContext as PostgresLoadContext } from "../checkpoints/load-context.ts";
