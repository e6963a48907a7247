import { fail } from "../../options.ts";
import { type BunSql, bunSqlDatabase } from "./clients/bun-sql.ts";
import type { Database } from "./database.ts";
import {
  type CopyFrom,
  type PgClient,
  pgClientDatabase,
  type PgPool,
  pgPoolDatabase,
} from "./clients/pg.ts";
import { type PGlite, pgliteDatabase } from "./clients/pglite.ts";
import { type PostgresJs, postgresJsDatabase } from "./clients/postgres-js.ts";

/**
 * A PostgreSQL client: a pool or a connected client of `pg`, a `postgres` (postgres.js), a PGlite, or a
 * `SQL` of Bun.
 */
export type PostgresClient = PgPool | PgClient | PostgresJs | PGlite | BunSql;

/** Purpose of the statements of a database. */
export interface Purpose {
  /** Function that makes a COPY, for a client of `pg`. */
  readonly copyFrom?: CopyFrom | undefined;
  /** If true, all results have a shape that never changes. */
  readonly isFixed?: boolean;
}

/**
 * Returns the database behind a client, which is recognised by its shape.
 * @throws {ConfigurationError} If it is not a known client.
 */
export function openDatabase(
  action: string,
  client: PostgresClient,
  { copyFrom, isFixed = false }: Purpose = {},
): Database {
  if (has(client, "unsafe", "begin")) {
    const { options } = client as { options?: { adapter?: unknown } };
    const adapter = options?.adapter;
    if (adapter === undefined) return postgresJsDatabase(client as PostgresJs, isFixed);
    if (adapter === "postgres" && has(client, "reserve")) return bunSqlDatabase(client as BunSql);
    return fail(action, "client", "a Bun SQL client for PostgreSQL", adapter);
  }
  if (has(client, "query", "transaction", "runExclusive")) return pgliteDatabase(client as PGlite);
  if (has(client, "query", "connect")) {
    return "totalCount" in client
      ? pgPoolDatabase(client, copyFrom)
      : pgClientDatabase(client as PgClient, copyFrom);
  }
  const rule = "a Pool or a Client of pg, a client of postgres, a SQL of Bun, or a PGlite";
  return fail(action, "client", rule, client);
}

function has(client: unknown, ...methods: readonly string[]): boolean {
  const members = Object(client) as Record<string, unknown>;
  return methods.every((method) => typeof members[method] === "function");
}
