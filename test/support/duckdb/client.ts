import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterEach } from "vitest";
import type { DuckdbLoadContext } from "../../../src/adapters/duckdb.ts";
import type { DoneRange } from "../../../src/checkpoints/checkpoint.ts";

/** Connections of one test: closed after it. */
export interface Connections {
  /** One to a database in memory of its own, after these statements. */
  open(...statements: string[]): Promise<DuckDBConnection>;
  /** Several to one database in memory. */
  openTwo(...statements: string[]): Promise<[DuckDBConnection, DuckDBConnection]>;
}

/** Makes the connections of the tests of the block that it is called in. */
export function connectionsOf(): Connections {
  const opened: { closeSync(): void }[] = [];
  afterEach(() => {
    for (const one of opened.splice(0).reverse()) one.closeSync();
  });
  const openTwo: Connections["openTwo"] = async (...statements) => {
    const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
    const connections = await Promise.all([instance.connect(), instance.connect()]);
    opened.push(instance, ...connections);
    for (const sql of statements) await connections[0].run(sql);
    return connections;
  };
  return { openTwo, open: async (...statements) => (await openTwo(...statements))[0] };
}

/** All rows of a query, as arrays of texts. */
export async function textsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  const result = await connection.run(`select columns(*)::varchar from (${sql})`);
  return await result.getRows();
}

/** All rows of a query, by the names of their columns. */
export async function objectsOf<Row>(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  return await (await connection.run(sql)).getRowObjects() as Row[];
}

/** What a load of a run without checkpoints is told. */
export const plainContext: DuckdbLoadContext = { runId: "one", batch: { attempt: 1 } };

/** What a load is told that completes these ranges of the key "users". */
export function markedContext(
  ranges: readonly DoneRange[],
  { runId = "one", attempt = 1 } = {},
): DuckdbLoadContext {
  return { runId, batch: { attempt, key: "users", ranges } };
}
