import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, afterEach } from "vitest";
import type { DuckdbLoadContext } from "../../../src/adapters/duckdb.ts";
import type { DoneRange } from "../../../src/checkpoints/checkpoint.ts";

/** Connections of one test: closed after it. */
export interface Connections {
  /** One to a database in memory of its own, after these statements. */
  open(...statements: string[]): Promise<DuckDBConnection>;
  /** Several to one database in memory. */
  openTwo(...statements: string[]): Promise<[DuckDBConnection, DuckDBConnection]>;
}

let databases = 0;

/** Makes the connections of the tests of the block that it is called in. */
export function connectionsOf(): Connections {
  const opened: { readonly connection: DuckDBConnection; readonly name: string }[] = [];
  let shared: Promise<DuckDBInstance> | undefined; // To make one takes as long as many tests.
  afterEach(async () => {
    const names = new Set<string>();
    for (const { connection, name } of opened.splice(0).reverse()) {
      names.add(name);
      connection.closeSync();
    }
    const connection = await (await shared)?.connect();
    for (const name of names) await connection?.run(`detach ${name}`);
    connection?.closeSync();
  });
  afterAll(async () => (await shared)?.closeSync());
  const openTwo: Connections["openTwo"] = async (...statements) => {
    shared ??= DuckDBInstance.create(":memory:", { threads: "2" });
    const instance = await shared;
    const connections = await Promise.all([instance.connect(), instance.connect()]);
    const name = `of_test_${++databases}`;
    await connections[0].run(`attach ':memory:' as ${name}`);
    for (const connection of connections) {
      opened.push({ connection, name });
      await connection.run(`use ${name}`);
    }
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
