/**
 * The tables that the adapter makes for itself.
 * @module
 */
import type { Database } from "./database.ts";
import { tableName } from "./names.ts";
import { remember } from "./remember.ts";

/** The time by the clock of the server, the same throughout a statement: milliseconds since 1970. */
export const serverTime = "(extract(epoch from statement_timestamp())::float8 * 1000)";

/** A table of the adapter's own. */
export interface OwnTable {
  /** Its quoted name. */
  readonly name: string;
  /** Makes it if it is not there; asks once. */
  readonly prepare: (signal?: AbortSignal) => Promise<void>;
}

/**
 * Returns the table of checkpoints. Times are milliseconds; `lapses_at` is since 1970, by the
 * server.
 */
export function checkpointTable(database: Database, schema: string | undefined): OwnTable {
  return ownTable(database, tableName("millrace_checkpoint", schema), [
    "key text primary key",
    "checkpoint text",
    "run_id text",
    "lease_until double precision",
    "lease double precision",
    "lapses_at double precision",
    "loaded_by text",
  ]);
}

/** Returns the table of dead letters. JSON is text, as `jsonb` rejects some of it. */
export function deadLetterTable(database: Database, schema: string | undefined): OwnTable {
  return ownTable(database, tableName("millrace_dead_letter", schema), [
    "id bigint generated always as identity primary key",
    "pipeline text not null",
    "run_id text not null",
    "item_offset bigint not null",
    "stage text not null",
    "attempts integer not null",
    "item text not null",
    '"row" text',
    "error text not null",
    "error_name text not null",
    "error_message text not null",
    "error_code text",
    '"at" timestamptz not null',
  ]);
}

/** Returns the table of deliveries. Times are milliseconds since 1970, by the server. */
export function deliveryTable(database: Database, schema: string | undefined): OwnTable {
  return ownTable(database, tableName("millrace_delivery", schema), [
    "source text",
    "id text",
    '"at" double precision not null',
    "primary key (source, id)",
  ], (name) => `create index if not exists millrace_delivery_at on ${name} ("at")`);
}

/** Returns the table of jobs. */
export function jobTable(database: Database, schema: string | undefined): OwnTable {
  return ownTable(database, tableName("millrace_job", schema), [
    "job text primary key",
    "is_sealed boolean not null default false",
    "is_cancelled boolean not null default false",
    "reason text",
  ]);
}

/**
 * Returns the table of the partitions of jobs. Times are milliseconds since 1970, by the server.
 */
export function partitionTable(database: Database, schema: string | undefined): OwnTable {
  return ownTable(database, tableName("millrace_partition", schema), [
    "job text not null",
    "id text not null",
    "descriptor text not null",
    "state text not null default 'open'",
    "taken_by text",
    "holder text",
    ...["taken_until", "not_before"].map((time) => `${time} double precision not null default 0`),
    ...["begun", "failures"].map((count) => `${count} integer not null default 0`),
    ...[...partitionCounts, "reached"].map((count) => `${count} bigint not null default 0`),
    "error text",
    "primary key (job, id)",
    "unique (job, state, begun, id)", // An index that gives the next partition to take.
  ]);
}

/** The columns of what became of the items of a partition. */
export const partitionCounts = [
  "extracted",
  "loaded",
  "skipped",
  "dead_lettered",
  "returned",
  "pending",
  "earlier",
  "rows",
] as const;

function ownTable(
  database: Database,
  name: string,
  columns: readonly string[],
  index?: (name: string) => string,
): OwnTable {
  const prepare = remember(async (signal) => {
    // Asked first: to create needs a right that is not needed otherwise, even if the table is there.
    if (await exists(database, name, signal)) return;
    try {
      await database.transaction(async ({ values }) => {
        await values(`create table if not exists ${name} (${columns.join(", ")})`);
        if (index !== undefined) await values(index(name));
      }, signal);
    } catch (error) {
      if (!await exists(database, name, signal)) throw error; // Somebody else made it at the same time.
    }
  });
  return { name, prepare };
}

async function exists(database: Database, name: string, signal: AbortSignal): Promise<boolean> {
  const text = "select pg_catalog.to_regclass($1::text)::text";
  const [row] = await database.values(text, [name], signal);
  return row?.[0] !== null;
}
