import { addCounts, noCounts } from "../../jobs/counts.ts";
import type {
  JobState,
  JobStore,
  JobWatch,
  Lease,
  PartitionRecord,
  PartitionResult,
  StoredJob,
  WatchedFor,
} from "../../jobs/job-store.ts";
import { Watchers } from "../../jobs/watchers.ts";
import type { NatsKv } from "./client.ts";
import { JobMirror, type Seen } from "./job-mirror.ts";
import {
  isOpen,
  isPartition,
  jobIn,
  type Kept,
  keptIn,
  type KeptJob,
  type Value,
} from "./job-values.ts";
import { keyToken } from "./key-token.ts";
import { PartitionLease } from "./partition-lease.ts";

/** Number of partitions that are added at once. */
const addedAtOnce = 100;

/**
 * One job in a bucket, a key for each partition. All that is done is one change of one key, by
 * compare-and-set, so that of two workers that want the same one wins.
 */
export class StoredJobInBucket implements JobStore {
  readonly lease: number;
  readonly #job: string;
  readonly #kv: NatsKv;
  #mirror: Promise<JobMirror<Value>> | undefined;
  readonly #watchers = new Watchers();
  /** Partitions that are not settled. */
  #openCount = 0;
  /** Partitions that a call of this process is about to take. */
  readonly #wanted = new Set<string>();

  constructor(kv: NatsKv, { job, lease }: { readonly job: string; readonly lease: number }) {
    this.#kv = kv;
    this.#job = job;
    this.lease = lease;
  }

  async add(partitions: readonly PartitionRecord[]): Promise<void> {
    const mirror = await this.#open();
    for (let from = 0; from < partitions.length; from += addedAtOnce) {
      await Promise.all(
        partitions.slice(from, from + addedAtOnce).map((record) => this.#addOne(mirror, record)),
      );
    }
  }

  async seal(): Promise<void> {
    await this.#changeJob((job) => job.isSealed ? undefined : { ...job, isSealed: true });
  }

  async cancel(reason?: string): Promise<void> {
    await this.#changeJob((job) =>
      job.isCancelled ? undefined : { ...job, isCancelled: true, reason }
    );
  }

  async read(): Promise<StoredJob> {
    const mirror = await this.#open();
    const { reason } = jobIn(mirror);
    const partitions = { total: 0, completed: 0, dead: 0, cancelled: 0, held: 0 };
    let counts = noCounts;
    for (const seen of mirror.keys.values()) {
      const kept = keptIn(seen);
      if (kept === undefined) continue;
      partitions.total++;
      if (kept.state !== "open") partitions[kept.state]++;
      else if (kept.holder !== undefined && !this.#isFree(mirror, seen)) partitions.held++;
      counts = addCounts(counts, kept.counts);
    }
    const open = partitions.total - partitions.completed - partitions.dead - partitions.cancelled;
    return { state: stateOf(jobIn(mirror), open), reason, partitions, counts };
  }

  async take(worker: string): Promise<Lease | undefined> {
    const mirror = await this.#open();
    for (;;) {
      const key = jobIn(mirror).isCancelled ? undefined : this.#anyFree(mirror);
      if (key === undefined) return undefined;
      this.#wanted.add(key);
      try {
        const kept = keptIn(mirror.get(key))!;
        const holder = crypto.randomUUID();
        const lent = { ...kept, holder, worker, delay: 0, begun: kept.begun + 1 };
        if (await mirror.put(key, { partition: lent })) {
          return new PartitionLease(mirror, key, lent);
        }
      } finally {
        this.#wanted.delete(key);
      }
    }
  }

  /** Sees changes as they come, and when the next lease or delay is over. */
  watch(interest: WatchedFor = "progress"): JobWatch {
    return this.#watchers.watch(interest, () => this.#untilNext());
  }

  async *results(): AsyncGenerator<PartitionResult> {
    const mirror = await this.#open();
    const all = [...mirror.keys.values()].map(keptIn).filter((kept) => kept !== undefined);
    all.sort((a, b) => a.id < b.id ? -1 : 1);
    for (const { id: partition, state, begun, failures, counts, error } of all) {
      if (state === "open") continue;
      yield { partition, state, begun, failures, ...counts, ...(error !== undefined && { error }) };
    }
  }

  async #open(): Promise<JobMirror<Value>> {
    this.#mirror ??= keyToken("use a job", this.#job).then((token) =>
      new JobMirror<Value>(
        this.#kv,
        `job.${token}.`,
        (before, after) => this.#hear(before, after),
      )
    );
    const mirror = await this.#mirror;
    await mirror.open();
    return mirror;
  }

  /**
   * Wakes all waiting calls, or only those that watch the progress of the job if nothing can be
   * taken.
   */
  #hear(before: Value | undefined, after: Value | undefined): void {
    this.#openCount += Number(isOpen(after)) - Number(isOpen(before));
    const isTaken = isOpen(after) && after.partition.holder !== undefined;
    const isSettled = isPartition(after) && !isOpen(after) && this.#openCount > 0;
    this.#watchers.wake(isTaken || isSettled);
  }

  async #addOne(mirror: JobMirror<Value>, { id, descriptor }: PartitionRecord): Promise<void> {
    const key = `part.${await keyToken("add a partition", id)}`;
    const partition: Kept = {
      ...{ id, descriptor, state: "open", delay: 0, begun: 0, reached: 0, failures: 0 },
      counts: noCounts,
    };
    while (mirror.get(key)?.value === undefined && !await mirror.put(key, { partition }));
  }

  async #changeJob(change: (job: KeptJob) => KeptJob | undefined): Promise<void> {
    const mirror = await this.#open();
    for (;;) {
      const job = change(jobIn(mirror));
      if (job === undefined || await mirror.put("job", { job })) return;
    }
  }

  /** One of the free partitions that were begun least often; which one, is left to chance. */
  #anyFree(mirror: JobMirror<Value>): string | undefined {
    let least = Infinity;
    let free: string[] = [];
    for (const [key, seen] of mirror.keys) {
      const kept = keptIn(seen);
      if (kept?.state !== "open" || kept.begun > least || this.#wanted.has(key)) continue;
      if (!this.#isFree(mirror, seen)) continue;
      if (kept.begun < least) free = [];
      least = kept.begun;
      free.push(key);
    }
    return free[Math.floor(Math.random() * free.length)];
  }

  /** Returns true if an open partition may be taken now. */
  #isFree(mirror: JobMirror<Value>, seen: Seen<Value>): boolean {
    const wait = this.#waitOf(seen);
    return wait === 0 || seen.at !== undefined && mirror.now() >= seen.at + wait;
  }

  /**
   * Returns the time after its last change for which an open partition is not free, in
   * milliseconds.
   */
  #waitOf(seen: Seen<Value>): number {
    const { holder, delay } = keptIn(seen)!;
    return holder === undefined ? delay : this.lease;
  }

  /** Milliseconds until the next lease or delay is over; not more than a lease. */
  async #untilNext(): Promise<number> {
    const mirror = await this.#open();
    const now = mirror.now();
    let next = this.lease;
    for (const seen of mirror.keys.values()) {
      if (keptIn(seen)?.state !== "open" || this.#isFree(mirror, seen)) continue;
      next = Math.min(next, (seen.at ?? now) + this.#waitOf(seen) - now);
    }
    return next;
  }
}

function stateOf({ isSealed, isCancelled }: KeptJob, open: number): JobState {
  if (isCancelled) return "cancelled";
  if (!isSealed) return "splitting";
  return open > 0 ? "running" : "ended";
}
