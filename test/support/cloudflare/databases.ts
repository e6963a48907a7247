// @ts-expect-error: the types of a Worker are those of no other test.
import { env, runInDurableObject } from "cloudflare:test";
import type { SinkOptions } from "../../../src/adapters/cloudflare/sink.ts";
import {
  type CloudflareSink,
  type D1Binding,
  d1Sink,
  durableObjectSink,
  type DurableObjectStorage,
} from "../../../src/adapters/cloudflare.ts";

type Row = Record<string, unknown>;

interface Calls {
  readonly all: (readonly string[])[];
  after: (statements: readonly string[]) => unknown;
}

/** A database that tests have for themselves. */
export interface TestDatabase {
  /** Makes a sink. */
  sink(options: SinkOptions): CloudflareSink;
  /** Runs statements, and gives the rows of the last. */
  all(...statements: string[]): Promise<Row[]>;
  /** The batches that were sent, and what comes after one. */
  readonly calls: Calls;
}

/** A kind of database that cases are run with. */
export interface DatabaseKind {
  readonly name: string;
  /** Makes a test of what runs where such databases can be used. */
  inside(test: () => unknown): () => Promise<void>;
  /** Opens one, without any table; called in what is inside. */
  open(): Promise<TestDatabase>;
}

const newCalls = (): Calls => ({ all: [], after: () => {} });

const d1: DatabaseKind = {
  name: "D1",
  inside: (test) => async () => void await test(),
  open: async () => {
    const binding = (env as { DB: D1Binding }).DB;
    const all = async (...statements: string[]) => {
      const results = await binding.batch(statements.map((sql) => binding.prepare(sql)));
      return results.at(-1)!.results as Row[];
    };
    const calls = newCalls();
    const texts = new WeakMap<object, string>();
    const watched: D1Binding = {
      prepare: (sql) => ({
        bind: (...values) => {
          const bound = binding.prepare(sql).bind(...values);
          texts.set(bound, sql);
          return bound;
        },
      }),
      batch: async (statements) => {
        const sent = statements.map((one) => texts.get(one)!);
        calls.all.push(sent);
        const results = await binding.batch(statements);
        await calls.after(sent);
        return results;
      },
    };
    const listSql = `select type, name from sqlite_master
      where type in ('table', 'view') and name not like 'sqlite_%' and name not like '_cf_%'`;
    const drops = (await all(listSql)).map(({ type, name }) => `drop ${type} "${name}"`);
    if (drops.length > 0) await all("pragma defer_foreign_keys = on", ...drops);
    return { all, calls, sink: (options) => d1Sink(watched, options as { table: string }) };
  },
};

let storage: DurableObjectStorage; // Of the object that runs the test.

const object: DatabaseKind = {
  name: "Durable Object",
  inside: (test) => async () => {
    const objects = (env as { OBJECT: Record<string, (id?: unknown) => unknown> }).OBJECT;
    const stub = objects["get"]!(objects["newUniqueId"]!());
    await runInDurableObject(
      stub,
      async (_: unknown, state: { storage: DurableObjectStorage }) => {
        storage = state.storage;
        await test();
      },
    );
  },
  open: async () => {
    const calls = newCalls();
    let sent: string[] = [];
    const watched: DurableObjectStorage = {
      sql: {
        exec: (sql, ...values) => {
          sent.push(sql);
          return storage.sql.exec(sql, ...values);
        },
      },
      transactionSync: (body) => {
        sent = [];
        const result = storage.transactionSync(body);
        calls.all.push(sent);
        calls.after(sent);
        return result;
      },
    };
    return {
      // deno-lint-ignore require-await -- As of a binding.
      all: async (...statements) =>
        statements.map((sql) => storage.sql.exec(sql).toArray()).at(-1) as Row[],
      calls,
      sink: (options) => durableObjectSink(watched, options as { table: string }),
    };
  },
};

/** Both of them. */
export const databaseKinds: readonly DatabaseKind[] = [d1, object];
