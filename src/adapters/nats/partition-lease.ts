import type { Lease, PartitionCounts, PartitionRecord, Settlement } from "../../jobs/job-store.ts";
import type { JobMirror } from "./job-mirror.ts";
import { jobIn, type Kept, keptIn, moved, type Value } from "./job-values.ts";

/** A partition as a worker has it: each call changes its key, as long as no other worker has. */
export class PartitionLease implements Lease {
  readonly partition: PartitionRecord;
  readonly begun: number;
  readonly failures: number;
  readonly counts: PartitionCounts;
  readonly #mirror: JobMirror<Value>;
  readonly #key: string;
  readonly #holder: string | undefined;
  /** True if it may be settled although the answer is missing. */
  #isUnsure = false;

  constructor(mirror: JobMirror<Value>, key: string, kept: Kept) {
    const { id, descriptor, begun, failures, counts, holder } = kept;
    this.partition = { id, descriptor };
    this.begun = begun;
    this.failures = failures;
    this.counts = counts;
    this.#mirror = mirror;
    this.#key = key;
    this.#holder = holder;
  }

  async extend(counts: PartitionCounts): Promise<"held" | "lost" | "cancelled"> {
    if (!await this.#change((kept) => moved(kept, counts))) return "lost";
    return jobIn(this.#mirror).isCancelled ? "cancelled" : "held";
  }

  async settle({ state, error, ...counts }: Settlement): Promise<boolean> {
    try {
      if (await this.#change((kept) => ({ ...kept, state, error, counts }))) return true;
    } catch (cause) {
      this.#isUnsure = true;
      throw cause;
    }
    const known = keptIn(this.#mirror.get(this.#key));
    return this.#isUnsure && known?.state === state && known.holder === this.#holder;
  }

  async giveBack({ delay, error }: { delay: number; error?: string }): Promise<void> {
    await this.#change((kept) => ({
      ...{ ...kept, holder: undefined, worker: undefined, delay, begun: kept.begun - 1 },
      ...(error !== undefined && { failures: kept.failures + 1, error }),
    }));
  }

  async #change(next: (kept: Kept) => Kept): Promise<boolean> {
    await this.#mirror.open();
    for (;;) {
      const known = keptIn(this.#mirror.get(this.#key));
      if (known?.state !== "open" || known.holder !== this.#holder) return false;
      if (await this.#mirror.put(this.#key, { partition: next(known) })) return true;
    }
  }
}
