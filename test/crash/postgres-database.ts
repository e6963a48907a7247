import pg from "pg";
import { checkpointOf, countSql, type CrashDatabase, type Stored } from "./database.ts";

/** A database of PostgreSQL. */
export function postgresDatabase(url: string): CrashDatabase & {
  /** Ends every connection of everybody else. */
  terminate(): Promise<void>;
} {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on("error", () => {}); // A server that dies ends the idle ones.
  const read = async (client: pg.ClientBase): Promise<Stored> => {
    const { rows: [row] } = await client.query(
      `select rows::int, numbers::int, sum::float8,
        to_regclass('millrace_checkpoint') is not null as has from (${countSql})`,
    );
    const { has, ...counts } = row as Omit<Stored, "checkpoint"> & { has: boolean };
    if (!has) return { ...counts, checkpoint: undefined };
    const { rows: [kept] } = await client.query("select checkpoint from millrace_checkpoint");
    return { ...counts, checkpoint: checkpointOf(kept?.checkpoint) };
  };
  /** Sees rows and checkpoint at one moment: the server may still commit what a dead client sent. */
  const readAtOnce = async (): Promise<Stored> => {
    const client = await pool.connect();
    try {
      await client.query("begin isolation level repeatable read");
      return await read(client);
    } finally {
      await client.query("rollback");
      client.release();
    }
  };
  return {
    clear: async () =>
      void await pool.query(`drop table if exists t; create table t (n integer);
        drop table if exists millrace_checkpoint`),
    read: readAtOnce,
    terminate: async () =>
      void await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend'`),
    lock: async () => {
      const client = await pool.connect();
      try {
        await client.query("begin");
        await client.query("select from millrace_checkpoint for update nowait");
      } catch {
        return void client.release(true); // It is busy.
      }
      return async () => client.release(true);
    },
    close: () => pool.end(),
  };
}
