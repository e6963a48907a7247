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
  /** Name of the job: all workers of the job use the same name. */
  job: string;
  /**
   * Duration of a lease that is not extended, in milliseconds by the clock of the server: a finite
   * number above 0.
   * @default {30_000}
   */
  lease?: number | undefined;
  /**
   * Average time between two checks by a waiter that is not notified, in milliseconds: a finite
   * number above 0. A coordinator checks the progress of the job as often.
   * @default {1000}
   */
  pollInterval?: number | undefined;
  /**
   * If true, waiters are notified of changes by LISTEN. With a pool of `pg` or a `postgres`
   * (postgres.js) this uses one connection more than the pool has, while somebody waits. A `SQL` of
   * Bun cannot listen. Set `false` behind a pooler that lends connections for one transaction.
   * @default {true}
   */
  listen?: boolean | undefined;
  /** The schema of the tables. By default, the one in which the connection creates tables. */
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
 * Keeps a job in two tables of PostgreSQL, `millrace_job` and `millrace_partition`, which are created at
 * the first use. A partition is claimed by `for update skip locked`, and only the clock of the server
 * decides when a lease has expired. Accepts any client of `postgresSink`.
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
