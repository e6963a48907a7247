import type {
  JobState,
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
import { Watchers } from "../../jobs/watchers.ts";
import { checkOptions, finitePositive, type OptionTable } from "../../options.ts";
import { addCounts, noCounts } from "../../jobs/counts.ts";

/** The options of a `MemoryJobStore`. */
export interface MemoryJobStoreOptions {
  /**
   * Duration of a lease that is not extended, in milliseconds: a finite number above 0.
   * @default {30_000}
   */
  lease?: number | undefined;
}

const memoryJobStoreOptions: OptionTable<MemoryJobStoreOptions> = {
  lease: [finitePositive, 30_000],
};

/** A partition as it is kept. */
interface Kept {
  readonly record: PartitionRecord;
  state: "open" | PartitionResult["state"];
  /** The lease that holds it. */
  holder: object | undefined;
  until: number;
  notBefore: number;
  begun: number;
  /** Largest number of finished items ever reported. */
  reached: number;
  failures: number;
  counts: PartitionCounts;
  error: string | undefined;
}

/**
 * Keeps a job in memory, as long as the object lives: for tests, and for several lanes in one process. It
 * is the reference implementation of `JobStore`.
 *
 * @example A job of two partitions
 * ```ts
 * import { coordinate, type Job, MemoryJobStore, work } from "millrace/jobs";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const loaded: number[] = [];
 * const job: Job<number, number, number> = {
 *   name: "numbers",
 *   split: () => [0, 10],
 *   id: (from) => `from ${from}`,
 *   pipeline: (from) => ({
 *     extract: () => [from, from + 1],
 *     load: (rows) => void loaded.push(...rows),
 *   }),
 * };
 * const store = new MemoryJobStore();
 * const [report] = await Promise.all([
 *   coordinate(job, { store }),
 *   work(job, { store, lanes: 2, until: "done" }),
 * ]);
 * deepEqual(loaded.toSorted((a, b) => a - b), [0, 1, 10, 11]);
 * equal(report.partitions.completed, 2);
 * ```
 */
export class MemoryJobStore implements JobStore {
  /** Duration of a lease that is not extended, in milliseconds. */
  readonly lease: number;
  readonly #partitions = new Map<string, Kept>();
  // A job may have very many: whatever is asked for each of them may not look at all.
  readonly #open = new Set<Kept>(); // That are not settled, in the order in which they were added.
  readonly #timed = new Set<Kept>(); // Of the open ones, at least those that are held or delayed.
  readonly #settled = { completed: 0, dead: 0, cancelled: 0 };
  #counts = noCounts; // Of all.
  #isSealed = false;
  #cancelled: { readonly reason: string | undefined } | undefined;
  readonly #watchers = new Watchers();

  /**
   * Makes an empty job.
   * @throws {ConfigurationError} If an option breaks its rule.
   */
  constructor(options: MemoryJobStoreOptions = {}) {
    this.lease = checkOptions("create MemoryJobStore", options, memoryJobStoreOptions).lease;
  }

  /** Adds partitions. An id that already exists stays unchanged. */
  add(partitions: readonly PartitionRecord[]): Promise<void> {
    for (const { id, descriptor } of partitions) {
      if (this.#partitions.has(id)) continue;
      const kept: Kept = {
        record: { id, descriptor: structuredClone(descriptor) },
        ...{ state: "open", holder: undefined, until: 0, notBefore: 0, begun: 0, failures: 0 },
        ...{ reached: 0, counts: noCounts, error: undefined },
      };
      this.#partitions.set(id, kept);
      this.#open.add(kept);
    }
    return this.#change();
  }

  /** Marks the split as complete. */
  seal(): Promise<void> {
    this.#isSealed = true;
    return this.#change();
  }

  /** Returns the progress of the job. */
  read(): Promise<StoredJob> {
    const now = Date.now();
    const held = [...this.#timed].filter(({ holder, until }) => holder && until > now).length;
    const partitions = { total: this.#partitions.size, ...this.#settled, held };
    const reason = this.#cancelled?.reason;
    return Promise.resolve({ state: this.#state, reason, partitions, counts: this.#counts });
  }

  /** Stops handing out partitions. */
  cancel(reason?: string): Promise<void> {
    this.#cancelled ??= { reason };
    return this.#change();
  }

  /** Takes a free partition whose delay has passed, the least often begun first. */
  take(_worker: string): Promise<Lease | undefined> {
    const now = Date.now();
    let first: Kept | undefined;
    for (const kept of this.#cancelled === undefined ? this.#open : []) {
      if (kept.until > now || kept.notBefore > now) continue;
      if (first === undefined || kept.begun < first.begun) first = kept;
      if (first.begun === 0) break; // None was begun less often.
    }
    return Promise.resolve(first && this.#lend(first, now));
  }

  /** Starts to watch all changes, and the times when the next lease or delay ends. */
  watch(interest: WatchedFor = "progress"): JobWatch {
    return this.#watchers.watch(interest, () => this.#nextTime() - Date.now());
  }

  /** Yields the settled partitions, in the order of their ids. */
  async *results(): AsyncGenerator<PartitionResult> {
    const ids = [...this.#partitions.keys()].sort();
    for (const partition of ids) {
      const { state, begun, failures, error, counts } = this.#partitions.get(partition)!;
      if (state === "open") continue;
      yield { partition, state, begun, failures, ...counts, ...(error !== undefined && { error }) };
    }
  }

  get #state(): JobState {
    if (this.#cancelled !== undefined) return "cancelled";
    if (!this.#isSealed) return "splitting";
    return this.#open.size > 0 ? "running" : "ended";
  }

  #lend(kept: Kept, now: number): Lease {
    const holder = {};
    kept.holder = holder;
    kept.until = now + this.lease;
    kept.begun++;
    this.#timed.add(kept);
    const isHeld = () => kept.holder === holder && kept.state === "open";
    const free = (notBefore: number) => {
      Object.assign(kept, { holder: undefined, until: 0, notBefore });
      this.#timed.add(kept);
      return this.#change();
    };
    const count = (counts: PartitionCounts) => {
      this.#counts = addCounts(addCounts(this.#counts, counts), kept.counts, -1);
      kept.counts = counts;
    };
    return {
      partition: { ...kept.record, descriptor: structuredClone(kept.record.descriptor) },
      begun: kept.begun,
      failures: kept.failures,
      counts: kept.counts,
      extend: (counts) => {
        if (!isHeld()) return Promise.resolve("lost");
        count(counts);
        kept.until = Date.now() + this.lease;
        this.#timed.add(kept); // It may have lapsed meanwhile.
        if (itemsDone(counts) > kept.reached) {
          Object.assign(kept, { begun: 1, reached: itemsDone(counts) });
        }
        return Promise.resolve(this.#cancelled === undefined ? "held" : "cancelled");
      },
      settle: async (settlement) => {
        if (!isHeld()) return false;
        const { state, error, counts } = partsOf(settlement);
        count(counts);
        Object.assign(kept, { state, error, holder: undefined, until: 0 });
        this.#settled[state]++;
        this.#open.delete(kept);
        this.#timed.delete(kept);
        await this.#change(this.#open.size > 0);
        return true;
      },
      giveBack: async ({ delay, error }) => {
        if (!isHeld()) return;
        kept.begun--;
        if (error !== undefined) Object.assign(kept, { failures: kept.failures + 1, error });
        await free(Date.now() + delay);
      },
    };
  }

  /** When the next lease or delay is over that is not yet. */
  #nextTime(): number {
    const now = Date.now();
    let next = Infinity;
    for (const kept of this.#timed) {
      const time = Math.max(kept.until, kept.notBefore);
      if (time > now) next = Math.min(next, time);
      else this.#timed.delete(kept);
    }
    return next;
  }

  /** Wakes waiters; if nothing can be taken, only those that watch the progress. */
  #change(isProgress = false): Promise<void> {
    this.#watchers.wake(isProgress);
    return Promise.resolve();
  }
}

function partsOf({ state, error, ...counts }: Settlement): {
  readonly state: Settlement["state"];
  readonly error: string | undefined;
  readonly counts: PartitionCounts;
} {
  return { state, error, counts };
}
