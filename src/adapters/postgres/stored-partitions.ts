import type {
  JobStore,
  JobWatch,
  Lease,
  PartitionCounts,
  PartitionRecord,
  PartitionResult,
  Settlement,
  StoredJob,
  WatchedFor,
} from "../../jobs/job-store.ts";
import { itemsDone } from "../../jobs/progress.ts";
import { withoutUnstorable } from "../../sql/text.ts";
import type { OwnTable } from "./bookkeeping.ts";
import type { Database } from "./database.ts";
import { jobChannel, JobWatches } from "./job-watches.ts";
import {
  countsAsText,
  countsOf,
  resultOf,
  setCounts,
  sumsOfCounts,
  textOf,
} from "./partition-rows.ts";

/** The time by the clock of the server: milliseconds since 1970. */
const now = "(extract(epoch from statement_timestamp())::float8 * 1000)";

/** Settings of the store for one job. */
export interface JobSettings {
  readonly job: string;
  readonly lease: number;
  readonly pollInterval: number;
  /** If true, waiters listen to the server, if the client supports it. */
  readonly listen: boolean;
}

/** Tables that a job is kept in. */
export interface JobTables {
  readonly jobs: OwnTable;
  readonly partitions: OwnTable;
}

type Values = readonly (readonly unknown[])[];

/** One job in two tables, whose statements are transactions of their own. */
export class StoredPartitions implements JobStore {
  readonly lease: number;
  readonly #database: Database;
  readonly #settings: JobSettings;
  readonly #tables: JobTables;
  readonly #watches: JobWatches;
  /**
   * Notification for those waiting for this job, within the length that a notification may have.
   */
  readonly #payload: string;

  constructor(database: Database, settings: JobSettings, tables: JobTables) {
    this.lease = settings.lease;
    this.#database = database;
    this.#settings = settings;
    this.#tables = tables;
    this.#payload = [...settings.job].slice(0, 250).join("");
    this.#watches = new JobWatches({
      ...settings,
      listen: settings.listen ? database.listen : undefined,
      payload: this.#payload,
      untilFree: () => this.#untilFree(),
    });
  }

  async add(partitions: readonly PartitionRecord[]): Promise<void> {
    const parts = partitions.map(({ id, descriptor }) => ({
      id,
      descriptor: JSON.stringify(descriptor),
    }));
    await this.#tell(
      `insert into ${this.#tables.partitions.name} (job, id, descriptor)
        select $2::text, part.id, part.descriptor
        from json_to_recordset(${this.#database.json}) as part(id text, descriptor text)
        on conflict do nothing returning 1`,
      [JSON.stringify(parts), this.#settings.job],
    );
  }

  async seal(): Promise<void> {
    await this.#tell(
      `insert into ${this.#tables.jobs.name} (job, is_sealed) values ($1::text, true)
        on conflict (job) do update set is_sealed = true returning 1`,
      [this.#settings.job],
    );
  }

  async cancel(reason?: string): Promise<void> {
    await this.#tell(
      `insert into ${this.#tables.jobs.name} as own (job, is_cancelled, reason)
        values ($1::text, true, $2::text)
        on conflict (job) do update set is_cancelled = true,
          reason = case when own.is_cancelled then own.reason else excluded.reason end
        returning 1`,
      [this.#settings.job, reason === undefined ? null : withoutUnstorable(reason, "\ufffd")],
    );
  }

  async read(): Promise<StoredJob> {
    const count = (what: string) => `count(*) filter (where ${what})::text`;
    const states = ["completed", "dead", "cancelled", "open"].map((state) =>
      count(`state = '${state}'`)
    );
    const { jobs, partitions } = this.#tables;
    const [row = []] = await this.#run(
      `select (select is_sealed from ${jobs.name} where job = $1::text)::text,
          (select is_cancelled from ${jobs.name} where job = $1::text)::text,
          (select reason from ${jobs.name} where job = $1::text),
          ${states.join(", ")}, ${count(`holder is not null and taken_until > ${now}`)},
          ${sumsOfCounts}
        from ${partitions.name} where job = $1::text`,
      [this.#settings.job],
    );
    const [isSealed, isCancelled, reason, ...numbers] = row;
    const [completed = 0, dead = 0, cancelled = 0, open = 0, held = 0, ...counts] = numbers.map(
      Number,
    );
    const state = isCancelled === "true"
      ? "cancelled"
      : isSealed !== "true"
      ? "splitting"
      : open > 0
      ? "running"
      : "ended";
    return {
      state,
      ...(typeof reason === "string" && { reason }),
      partitions: { total: completed + dead + cancelled + open, completed, dead, cancelled, held },
      counts: countsOf(counts),
    };
  }

  async take(worker: string): Promise<Lease | undefined> {
    const { jobs, partitions } = this.#tables;
    const holder = crypto.randomUUID();
    const [row] = await this.#run(
      // Materialized: a subquery may be planned to run for each row, and would then lend several.
      `with free as materialized (
          select id from ${partitions.name}
          where job = $1::text and state = 'open' and taken_until <= ${now}
            and not_before <= ${now} and not exists (
              select from ${jobs.name} where job = $1::text and is_cancelled
            )
          order by begun, id limit 1 for update skip locked
        )
        update ${partitions.name} as own
        set taken_by = $2::text, holder = $3::text, taken_until = ${now} + $4::float8,
          begun = begun + 1
        from free
        where own.job = $1::text and own.id = free.id
        returning own.id, own.descriptor, own.begun::text, own.failures::text, ${countsAsText}`,
      [this.#settings.job, worker, holder, this.lease],
    );
    return row && this.#leaseOf(row, holder);
  }

  watch(interest: WatchedFor = "progress"): JobWatch {
    return this.#watches.open(interest);
  }

  async *results(): AsyncGenerator<PartitionResult> {
    const pageSize = 1000;
    for (let after = "";;) {
      const rows = await this.#run(
        `select id, state, begun::text, failures::text, error, ${countsAsText}
          from ${this.#tables.partitions.name}
          where job = $1::text and state <> 'open' and id collate "C" > $2::text collate "C"
          order by id collate "C" limit ${pageSize}`,
        [this.#settings.job, after],
      );
      yield* rows.map(resultOf);
      if (rows.length < pageSize) return;
      after = String(rows.at(-1)![0]);
    }
  }

  #leaseOf(row: readonly unknown[], holder: string): Lease {
    const [id, descriptor, begun, failures, ...counts] = row;
    const ofLease = [this.#settings.job, String(id), holder];
    return {
      partition: { id: String(id), descriptor: JSON.parse(String(descriptor)) },
      begun: Number(begun),
      failures: Number(failures),
      counts: countsOf(counts),
      extend: (counts) => this.#extend(ofLease, counts),
      settle: (settlement) => this.#settle(ofLease, settlement),
      giveBack: (options) => this.#giveBack(ofLease, options),
    };
  }

  async #giveBack(
    ofLease: readonly string[],
    { delay, error }: { delay: number; error?: string },
  ): Promise<void> {
    const text = `update ${this.#tables.partitions.name}
      set holder = null, taken_until = 0, not_before = ${now} + $4::float8, begun = begun - 1,
        failures = failures + case when $5::text is null then 0 else 1 end,
        error = coalesce($5::text, error)
      where job = $1::text and id = $2::text and holder = $3::text and state = 'open'
      returning 1`;
    const params = [
      ...[...ofLease, delay],
      error === undefined ? null : withoutUnstorable(error, "\ufffd"),
    ];
    if (delay > 0) await this.#run(text, params); // There is nothing to take yet.
    else await this.#tell(text, params);
  }

  async #extend(
    ofLease: readonly string[],
    counts: PartitionCounts,
  ): Promise<"held" | "lost" | "cancelled"> {
    const { jobs, partitions } = this.#tables;
    const [row] = await this.#run(
      `update ${partitions.name}
        set taken_until = ${now} + $5::float8, ${setCounts(this.#database)},
          begun = case when $6::bigint > reached then 1 else begun end,
          reached = greatest(reached, $6::bigint)
        where job = $2::text and id = $3::text and holder = $4::text and state = 'open'
        returning (select is_cancelled from ${jobs.name} where job = $2::text)::text`,
      [textOf(counts), ...ofLease, this.lease, itemsDone(counts)],
    );
    if (row === undefined) return "lost";
    return row[0] === "true" ? "cancelled" : "held";
  }

  async #settle(ofLease: readonly string[], settlement: Settlement): Promise<boolean> {
    const { state, error } = settlement;
    const rows = await this.#run(
      `update ${this.#tables.partitions.name}
        set state = $5::text, error = $6::text, holder = null, ${setCounts(this.#database)}
        where job = $2::text and id = $3::text and holder = $4::text and state = 'open'
        returning id`,
      [
        ...[textOf(settlement), ...ofLease, state],
        error === undefined ? null : withoutUnstorable(error, "\ufffd"),
      ],
    );
    if (rows.length > 0) await this.#tellEnd();
    return rows.length > 0;
  }

  /** Asked after the last ones have been settled, as two at a time do not see each other. */
  async #tellEnd(): Promise<void> {
    try {
      await this.#tell(
        `select where not exists (
          select from ${this.#tables.partitions.name} where job = $1::text and state = 'open'
        )`,
        [this.#settings.job],
      );
    } catch {
      // It is settled; who waits looks again by itself.
    }
  }

  async #untilFree(): Promise<number | undefined> {
    const [row] = await this.#run(
      `select (min(greatest(taken_until, not_before)) - ${now})::text
        from ${this.#tables.partitions.name} where job = $1::text and state = 'open'`,
      [this.#settings.job],
    );
    return typeof row?.[0] === "string" ? Number(row[0]) : undefined;
  }

  /**
   * Runs a statement, and wakes waiters if it returns a row. Only changes that they could not find
   * before are notified: the server commits transactions that notify one by one.
   */
  async #tell(text: string, params: readonly unknown[]): Promise<void> {
    const payload = `$${params.length + 1}::text`;
    await this.#run(
      `with told as (${text})
        select pg_catalog.pg_notify('${jobChannel}', ${payload})::text from told limit 1`,
      [...params, this.#payload],
    );
  }

  async #run(text: string, params: readonly unknown[]): Promise<Values> {
    await this.#tables.jobs.prepare();
    await this.#tables.partitions.prepare();
    return await this.#database.values(text, params);
  }
}
