import type {
  JobState,
  JobStore,
  JobWatch,
  Lease,
  PartitionCounts,
  PartitionRecord,
  PartitionResult,
  StoredJob,
} from "../../jobs/job-store.ts";
import { sleep } from "../../runtime/deadline.ts";
import { onAbort } from "../../runtime/signals.ts";
import type { NatsKv } from "./client.ts";
import { JobMirror, type Seen } from "./job-mirror.ts";
import { keyToken } from "./key-token.ts";

/** What a bucket has of the job itself. */
interface KeptJob {
  readonly isSealed: boolean;
  readonly isCancelled: boolean;
  readonly reason?: string | undefined;
}

/** What a bucket has of a partition. */
interface Kept extends PartitionRecord {
  readonly state: "open" | PartitionResult["state"];
  /** The lease that has it, or had it when it was settled. */
  readonly holder?: string | undefined;
  /** Whose that is, for people. */
  readonly worker?: string | undefined;
  /** How long it is to be left alone since it was given back, in milliseconds. */
  readonly delay: number;
  readonly begun: number;
  /** The most items that were ever told to be done. */
  readonly reached: number;
  readonly failures: number;
  readonly counts: PartitionCounts;
  readonly error?: string | undefined;
}

type Value = { readonly job: KeptJob } | { readonly partition: Kept };

const noCounts: PartitionCounts = {
  ...{ extracted: 0, loaded: 0, skipped: 0, deadLettered: 0, pending: 0, earlier: 0 },
};
const noJob: KeptJob = { isSealed: false, isCancelled: false };

/** How many partitions are added at once. */
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
  readonly #watching = new Set<() => void>();
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
    const counts = { ...noCounts };
    for (const seen of mirror.keys.values()) {
      const kept = keptIn(seen);
      if (kept === undefined) continue;
      partitions.total++;
      if (kept.state !== "open") partitions[kept.state]++;
      else if (kept.holder !== undefined && !this.#isFree(mirror, seen)) partitions.held++;
      for (const name of Object.keys(counts) as (keyof PartitionCounts)[]) {
        (counts as Record<string, number>)[name]! += kept.counts[name];
      }
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
        if (await mirror.put(key, { partition: lent })) return this.#leaseOf(mirror, key, lent);
      } finally {
        this.#wanted.delete(key);
      }
    }
  }

  /** Sees changes as they come, and when the next lease or delay is over. */
  watch(): JobWatch {
    let wake = new AbortController();
    const onChange = () => wake.abort();
    this.#watching.add(onChange);
    const changed = async (signal: AbortSignal | undefined) => {
      const unfollow = onAbort(signal, onChange);
      await sleep(await this.#untilNext(), wake.signal);
      unfollow();
      wake = new AbortController();
    };
    return { changed, close: () => void this.#watching.delete(onChange) };
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
      new JobMirror<Value>(this.#kv, `job.${token}.`, (before, after) => {
        if (isNews(before, after)) { for (const onChange of this.#watching) onChange(); }
      })
    );
    const mirror = await this.#mirror;
    await mirror.open();
    return mirror;
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

  /** Whether an open partition may be taken by now. */
  #isFree(mirror: JobMirror<Value>, seen: Seen<Value>): boolean {
    const wait = this.#waitOf(seen);
    return wait === 0 || seen.at !== undefined && mirror.now() >= seen.at + wait;
  }

  /** How long an open partition is not free since its last change. */
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

  #leaseOf(mirror: JobMirror<Value>, key: string, { id, descriptor, ...kept }: Kept): Lease {
    const { begun, failures, counts, holder } = kept;
    const change = async (next: (kept: Kept) => Kept): Promise<boolean> => {
      await this.#open();
      for (;;) {
        const known = keptIn(mirror.get(key));
        if (known?.state !== "open" || known.holder !== holder) return false;
        if (await mirror.put(key, { partition: next(known) })) return true;
      }
    };
    let isUnsure = false; // It may be settled although nobody has heard of it.
    return {
      partition: { id, descriptor },
      begun,
      failures,
      counts,
      extend: async (counts) => {
        if (!await change((kept) => moved(kept, counts))) return "lost";
        return jobIn(mirror).isCancelled ? "cancelled" : "held";
      },
      settle: async ({ state, error, ...counts }) => {
        try {
          if (await change((kept) => ({ ...kept, state, error, counts }))) return true;
        } catch (cause) {
          isUnsure = true;
          throw cause;
        }
        const known = keptIn(mirror.get(key));
        return isUnsure && known?.state === state && known.holder === holder;
      },
      giveBack: async ({ delay, error }) => {
        await change((kept) => ({
          ...{ ...kept, holder: undefined, worker: undefined, delay, begun: kept.begun - 1 },
          ...(error !== undefined && { failures: kept.failures + 1, error }),
        }));
      },
    };
  }
}

function jobIn(mirror: JobMirror<Value>): KeptJob {
  const value = mirror.get("job")?.value;
  return value !== undefined && "job" in value ? value.job : noJob;
}

function keptIn(seen: Seen<Value> | undefined): Kept | undefined {
  const value = seen?.value;
  return value !== undefined && "partition" in value ? value.partition : undefined;
}

function stateOf({ isSealed, isCancelled }: KeptJob, open: number): JobState {
  if (isCancelled) return "cancelled";
  if (!isSealed) return "splitting";
  return open > 0 ? "running" : "ended";
}

/** A partition of which it was told how far it is: one that has moved counts as begun once. */
function moved(kept: Kept, counts: PartitionCounts): Kept {
  const done = counts.loaded + counts.skipped + counts.deadLettered + counts.earlier;
  return done > kept.reached ? { ...kept, counts, begun: 1, reached: done } : { ...kept, counts };
}

/** Whether those who wait have to look: not where a partition is taken, or its lease extended. */
function isNews(before: Value | undefined, after: Value | undefined): boolean {
  const kept = after !== undefined && "partition" in after ? after.partition : undefined;
  if (kept?.state !== "open" || kept.holder === undefined) return true;
  return before === undefined;
}
