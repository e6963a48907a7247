import type { JobStore } from "../../jobs/job-store.ts";
import {
  checkOptions,
  fail,
  finitePositive,
  nonEmptyString,
  type OptionTable,
} from "../../options.ts";
import { kvBucket, type NatsKv } from "./client.ts";
import { StoredJobInBucket } from "./stored-job.ts";

/** The options of `natsJobStore`. */
export interface NatsJobStoreOptions {
  /** Name of the job: all its processes must pass the same. */
  job: string;
  /**
   * Duration of a lease that is not extended, in milliseconds by the clock of the server: a finite number
   * above 0. All processes of the job must pass the same.
   * @default {30_000}
   */
  lease?: number | undefined;
}

const natsJobStoreOptions: OptionTable<NatsJobStoreOptions> = {
  job: [nonEmptyString],
  lease: [finitePositive, 30_000],
};

/**
 * Keeps a job in a bucket of NATS (JetStream), with one key for each partition. A bucket may hold many
 * jobs. Each change is a compare-and-set of one key, and only the clock of the server decides when a
 * lease has expired. A process is notified of changes, and keeps a copy of the job's values.
 *
 * Create a bucket of several replicas with `allow_direct: false`, so that not every replica may answer.
 *
 * @throws {ConfigurationError} If the argument is not a bucket, or an option breaks its rule.
 *
 * @example A job by as many workers as are started
 * ```ts ignore
 * import { Kvm } from "@nats-io/kv";
 * import { connect } from "@nats-io/transport-node";
 * import { coordinate, work } from "millrace/jobs";
 * import { natsJobStore } from "millrace/nats";
 *
 * const connection = await connect({ servers: "localhost" });
 * const bucket = await new Kvm(connection).create("jobs", { allow_direct: false });
 * const store = natsJobStore(bucket, { job: "sales 2026-11" });
 * if (process.argv[2] === "work") await work(job, { store, until: "done" });
 * else console.log(await coordinate(job, { store }));
 * ```
 */
export function natsJobStore(kv: NatsKv, options: NatsJobStoreOptions): JobStore {
  const action = "create natsJobStore";
  if (!kvBucket.test(kv)) fail(action, "kv", kvBucket.expected, kv);
  return new StoredJobInBucket(kv, checkOptions(action, options, natsJobStoreOptions));
}
