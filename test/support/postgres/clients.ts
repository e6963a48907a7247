import { PGlite } from "@electric-sql/pglite";
import { env } from "node:process";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import postgres from "postgres";
import { type PostgresClient, postgresSink } from "../../../src/adapters/postgres.ts";
import type { PostgresSink, PostgresSinkOptions } from "../../../src/adapters/postgres.ts";

type Rows = Record<string, unknown>[];

/** A client under test, and a way around the adapter. */
export interface TestClient {
  readonly client: PostgresClient;
  /** Runs statements that take no values. */
  run(text: string): Promise<Rows>;
  /** Has one connection only. */
  readonly isSingle: boolean;
  /** Connections that somebody has taken and not given back. */
  taken(): Promise<number>;
  close(): Promise<unknown>;
}

/** Makes each kind of client; those of a server are given its URL. */
export const clients: Readonly<
  Record<string, (url: string, max?: number) => Promise<TestClient>>
> = {
  "pg Pool": async (url, max = 10) => {
    const client = new pg.Pool({ connectionString: url, max });
    client.on("error", () => {}); // A server that stops ends the idle ones.
    return {
      client,
      isSingle: false,
      run: async (text) => (await client.query(text)).rows as Rows,
      taken: async () => client.totalCount - client.idleCount,
      close: () => client.end(),
    };
  },
  "pg Client": async (url) => {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    return {
      client,
      isSingle: true,
      run: async (text) => (await client.query(text)).rows as Rows,
      taken: async () => client.getTransactionStatus() === "I" ? 0 : 1,
      close: () => client.end(),
    };
  },
  "postgres": async (url, max = 10) => {
    const client = postgres(url, { max, onnotice: () => {}, backoff: false });
    return {
      client,
      isSingle: false,
      // The end of a server is told anew by the first statement of each later connection (3.4.9).
      run: async (text) => {
        for (let attempt = 1;; attempt++) {
          try {
            return [...await client.unsafe(text)] as Rows;
          } catch (error) {
            if (attempt > 10 || (error as { code?: unknown }).code !== "57P01") throw error;
          }
        }
      },
      taken: async () => {
        const [row] = await client`select count(*)::int as n from pg_stat_activity
          where state like 'idle in transaction%'`;
        return row!["n"] as number;
      },
      close: () => client.end({ timeout: 5 }), // It may wait for a server that was gone.
    };
  },
  "PGlite": async () => {
    const client = await PGlite.create();
    return {
      client,
      isSingle: true,
      run: async (text) => (await client.exec(text)).at(-1)?.rows as Rows,
      taken: async () => 0, // It would keep every other test from running.
      close: () => client.close(),
    };
  },
};

if ("Bun" in globalThis) {
  const { SQL } = await import("bun");
  Object.assign(clients, {
    "Bun.SQL": (url: string, max = 10): TestClient => {
      const client = new SQL(url, { max });
      return {
        client,
        isSingle: false,
        run: async (text) => lastOf(await client.unsafe(text).simple()),
        taken: async () => {
          const [row] = await client.unsafe(`select count(*)::int as n from pg_stat_activity
            where state like 'idle in transaction%'`) as { n: number }[];
          return row!.n;
        },
        close: () => client.close(),
      };
    },
  });
}

/** Resolves once no connection is taken: who no longer waits for one is not told when it is given back. */
export async function givenBack(client: TestClient): Promise<void> {
  while (await client.taken() > 0) await new Promise((go) => setTimeout(go));
}

/** The kinds of client to test: all, unless TEST_CLIENTS names some. */
export const testedClients = env["TEST_CLIENTS"]?.split(",") ?? Object.keys(clients);

/** The rows of the last of several statements, as plain objects in a plain array. */
function lastOf(result: Rows | Rows[]): Rows {
  const last = Array.isArray(result[0]) ? (result as Rows[]).at(-1)! : result as Rows;
  return last.map((row) => ({ ...row }));
}

/** A sink of which every kind of client can copy. */
export function sinkOf({ client }: TestClient, options: PostgresSinkOptions): PostgresSink {
  return postgresSink(client, options.method === "copy" ? { copyFrom, ...options } : options);
}
