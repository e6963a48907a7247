import type { ItemCounts, Outcome, RunSnapshot } from "../../report-types.ts";
import { harmless } from "../../explain/plain-text.ts";
import { perSecond } from "../../explain/quantities.ts";

/** A run, or a job of `millrace/jobs`, to show: the subset of `Run` that is used. */
export interface WatchedRun {
  /** The name of the pipeline. */
  readonly name: string;
  /** Settles when the run is over. */
  readonly finished: Promise<{ readonly outcome: Outcome }>;
  /** Returns the progress of the run. */
  snapshot():
    & Pick<RunSnapshot, Exclude<keyof ItemCounts, "returned">>
    & Pick<RunSnapshot, "state" | "duration" | "total">
    & Partial<Pick<RunSnapshot, "bytes" | "earlier" | "earlierCounts" | "eta" | "rows" | "drift">>
    & Partial<Pick<RunSnapshot, "returned" | "retries">>
    & { readonly partitions?: PartitionProgress };
}

/** Number of partitions of a job of `millrace/jobs`, by their state so far. */
export type PartitionProgress = Readonly<
  Record<"total" | "completed" | "dead" | "cancelled", number>
>;

/** Progress of a run for a bar: plain data, each value a placeholder in the bar's format. */
export interface ProgressPayload extends Omit<ItemCounts, "returned"> {
  /** The name of the pipeline. Terminal control characters are replaced by `?`. */
  readonly name: string;
  /** State or outcome of the run. */
  readonly state: "running" | "draining" | "aborting" | Outcome;
  /**
   * Number of finished items: loaded, skipped, dead-lettered or returned. It is also the value of the
   * bar.
   */
  readonly done: number;
  /** Items returned to their source; omitted or `undefined` if there are none. */
  readonly returned?: number | undefined;
  /** Expected number of items; `undefined` if it is unknown. */
  readonly total: number | undefined;
  /** The bytes of the source, if these are known instead of the items. */
  readonly bytes: { readonly read: number; readonly total: number } | undefined;
  /** Recent items per second; of the whole run once it is over. An integer from 10 on. */
  readonly rate: number;
  /** Calls repeated after a failure. */
  readonly retries: number;
  /** Items that earlier runs finished; `undefined` if there are none. */
  readonly earlier: number | undefined;
  /** Items that earlier runs gave up on; `undefined` if there are none, or the number is unknown. */
  readonly earlierDeadLettered: number | undefined;
  /** Loaded rows; `undefined` if there are as many as items. */
  readonly rows: number | undefined;
  /** Properties without a column, or for which one was added; `undefined` if there are none. */
  readonly drift: number | undefined;
  /** The partitions of a job; omitted or `undefined` for a run. */
  readonly partitions?: PartitionProgress | undefined;
  /**
   * Milliseconds since the last item, byte or attempt; `undefined` while the run progresses, and when it
   * is over.
   */
  readonly idle?: number | undefined;
  /**
   * Estimated remaining milliseconds, at the present rate; `undefined` if unknown, or if more is done
   * than was expected.
   */
  readonly left: number | undefined;
  /** Time since the run began, in milliseconds. */
  readonly elapsed: number;
}

/** Returns the expected items of a run, by the name of its pipeline. */
export type TotalOf = (name: string) => number | undefined;

/** Makes payloads of the snapshots of one run, and remembers the last few for the rate. */
export class Tracker {
  readonly #run: WatchedRun;
  readonly #totalOf: TotalOf;
  readonly #window: number; // How far back the rate looks, in milliseconds.
  readonly #name: string;
  #samples: { readonly elapsed: number; readonly done: number }[] = [];
  #outcome: Outcome | undefined;
  #moved = -1; // What had moved when something moved last, and when that was.
  #movedAt = 0;

  /** Watches a run. */
  constructor(run: WatchedRun, totalOf: TotalOf, window: number) {
    this.#run = run;
    this.#totalOf = totalOf;
    this.#window = window;
    this.#name = harmless(String(run.name), "?");
  }

  /** Resolves when the run is over, however it ended. A failure is reported only by the run itself. */
  async over(): Promise<void> {
    try {
      this.#outcome = (await this.#run.finished).outcome;
    } catch (error) {
      this.#outcome = outcomeOf(error);
    }
  }

  /** Returns the current progress of the run. */
  payload(): ProgressPayload {
    const { extracted, loaded, skipped, deadLettered, pending, ...rest } = this.#run.snapshot();
    const { state, retries = 0, duration: elapsed, total: known, rows, drift = {} } = rest;
    const { earlier, earlierCounts, bytes, eta, returned = 0, partitions } = rest;
    const done = loaded + skipped + deadLettered + returned;
    const expected = this.#totalOf(this.#run.name) ?? known;
    const total = Number.isFinite(expected) && expected! >= 0 ? expected : undefined;
    const isOver = this.#outcome !== undefined;
    const rate = isOver ? rounded(perSecond(done, elapsed)) : this.#rateOf(elapsed, done);
    const isForeseen = !isOver && state === "running" && rate > 0;
    const idle = this.#idleAt(elapsed, extracted + done + retries + (bytes?.read ?? 0));
    return {
      name: this.#name,
      // A run whose promise has not been heard of yet is about to say how it ended.
      state: this.#outcome ?? (state === "ended" ? "running" : state),
      ...{ extracted, loaded, skipped, deadLettered, pending, done },
      returned: returned || undefined,
      bytes: total === undefined ? bytes : undefined,
      ...{ total, rate, retries, elapsed, earlier: earlier || undefined },
      earlierDeadLettered: earlierCounts?.deadLettered || undefined,
      rows: rows === loaded ? undefined : rows,
      drift: Object.keys(drift).length || undefined,
      ...{ partitions, idle: isOver || idle < 3_000 ? undefined : idle },
      left: total === undefined
        ? isOver ? undefined : bytes && eta
        : isForeseen && done <= total
        ? (total - done) / rate * 1000
        : undefined,
    };
  }

  /** Returns the time since anything moved. */
  #idleAt(elapsed: number, moved: number): number {
    if (moved !== this.#moved) [this.#moved, this.#movedAt] = [moved, elapsed];
    return elapsed - this.#movedAt;
  }

  #rateOf(elapsed: number, done: number): number {
    this.#samples = this.#samples.filter((sample) => sample.elapsed >= elapsed - this.#window);
    this.#samples.push({ elapsed, done });
    const first = this.#samples[0]!;
    return rounded(perSecond(done - first.done, elapsed - first.elapsed));
  }
}

/** Returns the outcome of a run by its error; of a manager, the worst outcome of its pipelines. */
function outcomeOf(error: unknown): Outcome {
  type Ended = { readonly outcome?: Outcome };
  const { report = {}, reports = [] } = (error ?? {}) as { report?: Ended; reports?: Ended[] };
  const outcomes = [report, ...reports].map(({ outcome }) => outcome);
  const worstFirst = ["failed", "aborted", "drained", "paused"] as const;
  return worstFirst.find((outcome) => outcomes.includes(outcome)) ?? "failed";
}

function rounded(rate: number): number {
  return rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10;
}
