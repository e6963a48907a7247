/**
 * Tables that get columns while those who load into them are killed.
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { type CrashDatabase, sqliteFile } from "./database.ts";
import { postgresDatabase } from "./postgres-database.ts";

type Query = (text: string) => Promise<readonly object[]> | readonly object[];
/** Has somebody ask a database at one moment, and commits it. */
type Ask = <T>(work: (query: Query) => Promise<T>) => Promise<T>;

/** A file of SQLite with two tables that get a column for so many numbers each. */
export function growingFile(path: string, growth: number): CrashDatabase {
  const ask: Ask = async (work) => {
    const db = new DatabaseSync(path, { timeout: 5000 });
    try {
      return await work((text) => db.prepare(text).all());
    } finally {
      db.close();
    }
  };
  const namesOf = (table: string) => `select name from pragma_table_info('${table}')`;
  return growing(sqliteFile(path), ask, namesOf, growth);
}

/** A database of PostgreSQL with two such tables. */
export function growingPostgres(url: string, growth: number): CrashDatabase {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on("error", () => {}); // A server that stops ends the idle ones.
  const ask: Ask = async (work) => {
    const client = await pool.connect();
    try { // The server may still commit what a dead client sent.
      await client.query("begin isolation level repeatable read");
      const result = await work(async (text) => (await client.query(text)).rows);
      await client.query("commit");
      return result;
    } finally {
      client.release();
    }
  };
  const namesOf = (table: string) =>
    `select attname as name from pg_attribute where attrelid = '${table}'::regclass and attnum > 0`;
  const made = growing(postgresDatabase(url), ask, namesOf, growth);
  return { ...made, close: async () => void await Promise.all([made.close(), pool.end()]) };
}

function growing(
  base: CrashDatabase,
  ask: Ask,
  namesOf: (table: string) => string,
  growth: number,
): CrashDatabase {
  return {
    ...base,
    clear: async () => {
      await base.clear();
      await ask(async (query) => {
        await query("drop table if exists u");
        await query("create table u (n integer)");
      });
    },
    read: async () => {
      const faults = await ask(async (query) => {
        const found = await Promise.all(["t", "u"].map(async (table) => {
          const names = (await query(namesOf(table))).map((row) => String(Object.values(row)[0]));
          return await query(faultsSql(table, names, growth));
        }));
        const missing = await query(
          "select abs((select count(*) from t) - (select count(*) from u)) as rows",
        );
        return [...found, missing].flatMap(([row]) => Object.values(row!).map(Number));
      });
      return { ...await base.read(), faults: faults.reduce((sum, count) => sum + count, 0) };
    },
  };
}

/** Counts columns that came without a row, rows without a column, and values out of their place. */
function faultsSql(table: string, names: readonly string[], growth: number): string {
  const slots = names.flatMap((name) => name === "n" ? [] : [Number(name.slice(1))]);
  const faults = slots.map((slot) =>
    `case when count(c${slot}) = 0 then 1 else 0 end + count(case when n / ${growth} = ${slot}
      then nullif(coalesce(c${slot}, -1), n) else c${slot} end)`
  );
  const known = slots.length === 0 ? "" : `where n / ${growth} not in (${slots.join()})`;
  return `select ${["count(*) * 0", ...faults].join(" + ")} as faults,
    (select count(*) from ${table} ${known}) as others from ${table}`;
}
