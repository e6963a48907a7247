import { DuckDBInstance } from "@duckdb/node-api";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { duckdbSink } from "../../src/adapters/duckdb.ts";
import { postgresSink } from "../../src/adapters/postgres.ts";
import { sqliteSink } from "../../src/adapters/sqlite.ts";
import type { CheckpointStore, LoadContext } from "../../src/index.ts";
import { keepServer } from "./postgres-server.ts";
import { type Kind, migrationsOf, tables } from "./schema.ts";

/** A database with the tables, and what is done with it. */
export interface Database {
  /** Where it is, for people. */
  readonly place: string;
  /** Users that are loaded at once. */
  readonly workers: number;
  readonly sink: {
    load(trees: object[], context: LoadContext): unknown;
    readonly checkpoints: CheckpointStore;
  };
  /** The rows that a query gives. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** What migrations need of a database. */
interface Migrated {
  execute(sql: string): Promise<void> | void;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** Opens the file in a folder, with its tables. */
export async function openSqlite(folder: string, isFresh: boolean): Promise<Database> {
  const path = join(folder, "users.db");
  if (isFresh) {
    for (const suffix of ["", "-wal", "-shm"]) await rm(`${path}${suffix}`, { force: true });
  }
  const db = new DatabaseSync(path, { timeout: 5000 });
  db.exec("pragma journal_mode = wal; pragma synchronous = normal");
  const query = async (sql: string) => db.prepare(sql).all();
  await migrate({ execute: (sql) => db.exec(sql), query }, "sqlite");
  const { load, checkpoints } = sqliteSink(db, { tables });
  return {
    place: path,
    workers: 1,
    sink: { load, checkpoints },
    query,
    close: async () => db.close(),
  };
}

/** Opens the file of DuckDB in a folder, with its tables. */
export async function openDuckdb(folder: string, isFresh: boolean): Promise<Database> {
  const path = join(folder, "users.duckdb");
  if (isFresh) { for (const suffix of ["", ".wal"]) await rm(`${path}${suffix}`, { force: true }); }
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const query = async (sql: string) => await (await connection.run(sql)).getRowObjects();
  await migrate({ execute: async (sql) => void await connection.run(sql), query }, "duckdb");
  const { load, checkpoints } = duckdbSink(connection, { tables });
  const close = async () => {
    connection.closeSync();
    instance.closeSync();
  };
  return { place: path, workers: 1, sink: { load, checkpoints }, query, close };
}

/** Starts the server whose data is in a folder, with its tables. */
export async function openPostgres(folder: string, isFresh: boolean): Promise<Database> {
  const place = join(folder, "postgres");
  const server = await keepServer(place);
  const pool = new pg.Pool({ connectionString: server.url, max: 4 });
  const query = async (sql: string) => (await pool.query(sql)).rows;
  const execute = async (sql: string) => void await pool.query(sql);
  if (isFresh) await execute("drop schema public cascade; create schema public");
  await migrate({ execute, query }, "postgres");
  const { load, checkpoints } = postgresSink(pool, { tables });
  const close = async () => {
    await pool.end();
    await server.stop();
  };
  return { place: `PostgreSQL (${place})`, workers: 2, sink: { load, checkpoints }, query, close };
}

/** Does the migrations that were not done before: all of them, or none. */
async function migrate(database: Migrated, kind: Kind): Promise<void> {
  await database.execute("create table if not exists migration (number integer primary key)");
  const [row] = await database.query("select count(*) as done from migration");
  const left = migrationsOf(kind).map((sql, number) => ({ sql, number })).slice(
    Number(row!["done"]),
  );
  const statements = left.map(({ sql, number }) =>
    `${sql}; insert into migration values (${number});`
  );
  if (left.length > 0) await database.execute(`begin; ${statements.join("\n")} commit;`);
}
