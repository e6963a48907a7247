import type { JobStore } from "../../jobs/job-store.ts";
import {
  checkOptions,
  finitePositive,
  nonEmptyString,
  type OptionTable,
  truthValue,
} from "../../options.ts";
import { jobTable, partitionTable } from "./bookkeeping.ts";
import { openDatabase, type PostgresClient } from "./client.ts";
import { StoredPartitions } from "./stored-partitions.ts";

/** The options of `postgresJobStore`. */
export interface PostgresJobStoreOptions {
  /** Names the job: all that work on it give the same name. */
  job: string;
  /**
   * How long a lease lasts that is not extended, in milliseconds by the clock of the server: a finite
   * number above 0.
   * @default {30_000}
   */
  lease?: number | undefined;
  /**
   * Time between two looks of one who waits and is not told, in milliseconds, on average: a finite
   * number above 0. A coordinator looks so often at how far the job is.
   * @default {1000}
   */
  pollInterval?: number | undefined;
  /**
   * Whether one who waits is told of changes by LISTEN: with a pool of `pg` or a `postgres` (postgres.js)
   * on one connection more than the pool has, while somebody waits; not with a `SQL` of Bun. `false`
   * where a pooler stands between that lends connections for a transaction.
   * @default {true}
   */
  listen?: boolean | undefined;
  /** The schema of the tables; without it that in which the connection creates. */
  schema?: string | undefined;
}

const postgresJobStoreOptions: OptionTable<PostgresJobStoreOptions> = {
  job: [nonEmptyString],
  lease: [finitePositive, 30_000],
  pollInterval: [finitePositive, 1000],
  listen: [truthValue, true],
  schema: [nonEmptyString],
};

/**
 * Keeps a job in two tables of PostgreSQL, `millrace_job` and `millrace_partition`, which are made at
 * the first use. A partition is taken by `for update skip locked`, and only the clock of the server
 * decides when a lease is over. Any client of `postgresSink` will do.
 *
 * @throws {ConfigurationError} If an option breaks its rule.
 *
 * @example A job of two partitions, by a worker of two lanes
 * ```ts
 * import { PGlite } from "@electric-sql/pglite";
 * import { coordinate, type Job, work } from "millrace/jobs";
 * import { postgresJobStore, postgresSink } from "millrace/postgres";
 * import { deepEqual } from "node:assert/strict";
 *
 * const client = new PGlite(); // Or the pool of pg or postgres.
 * await client.exec("create table numbers (n int)");
 * const sink = postgresSink(client, { table: "numbers" });
 * const job: Job<number, { n: number }> = {
 *   name: "numbers",
 *   split: () => [0, 10],
 *   id: (from) => `from ${from}`,
 *   pipeline: (from) => ({ extract: () => [{ n: from }, { n: from + 1 }], load: sink.load }),
 * };
 * const store = postgresJobStore(client, { job: "numbers 2026-11", pollInterval: 10 });
 * await Promise.all([
 *   coordinate(job, { store }),
 *   work(job, { store, lanes: 2, until: "done", run: { checkpoints: sink.checkpoints } }),
 * ]);
 * const { rows } = await client.query("select n from numbers order by n");
 * deepEqual(rows, [{ n: 0 }, { n: 1 }, { n: 10 }, { n: 11 }]);
 * ```
 */
export function postgresJobStore(
  client: PostgresClient,
  options: PostgresJobStoreOptions,
): JobStore {
  const action = "create postgresJobStore";
  const { job, lease, pollInterval, listen, schema } = checkOptions<
    PostgresJobStoreOptions,
    "schema"
  >(action, options, postgresJobStoreOptions);
  const database = openDatabase(action, client);
  return new StoredPartitions(database, { job, lease, pollInterval, listen }, {
    jobs: jobTable(database, schema),
    partitions: partitionTable(database, schema),
  });
}
