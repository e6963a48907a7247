import { FencedError, isOf } from "../errors.ts";
import { Pace } from "../macrotask.ts";
import { blankCheckpoint } from "../resilience/checkpoint.ts";
import { Numbering } from "../resilience/numbering.ts";
import { Exhausted } from "../resilience/recovery.ts";
import { retryAfterOf } from "../resilience/retry-after.ts";
import type { FailureStage, StageName, StageTimes } from "../run-report.ts";
import { Batcher } from "../streams/batcher.ts";
import { Intake, type IntakeEnd } from "../streams/intake.ts";
import type { Stop } from "../streams/map-items.ts";
import type { Source } from "../streams/source.ts";
import { TaskGroup } from "../streams/task-group.ts";
import { BatchLoad } from "./batch-load.ts";
import { BatchMap } from "./batch-map.ts";
import { counted, loadPlainly } from "./plain-load.ts";
import { StageClock } from "./stage-clock.ts";
import { type Batch, type Counts, type Equipment, isPlain, type Station } from "./station.ts";

/** What a flow tells the run that it is part of. */
export interface FlowListener {
  /** A stage has failed, with the error of each attempt. */
  onFailure(stage: FailureStage, errors: readonly unknown[], attempts: number): void;
  /** All that was read is done, and only the callbacks' signal can end what the source waits for. */
  onStuck(reason: unknown): void;
}

/**
 * The working part of a run: source → batcher → transforms → loads, joined by one function that
 * moves on whatever can move. A stage with nothing to do costs nothing, and one that is full holds
 * back the one before it. Up to `workers` batches are transformed or wait, and as many are loaded.
 */
export class Flow<E, T> implements Stop {
  /** What became of the items. */
  readonly counts: Counts = { loaded: 0, skipped: 0, deadLettered: 0, batches: 0, retries: 0 };
  readonly #station: Station<E, T>;
  readonly #isPlain: boolean;
  readonly #map: BatchMap<E, T>;
  readonly #listener: FlowListener;
  readonly #batcher: Batcher<E>;
  readonly #transforms: TaskGroup;
  readonly #loads: TaskGroup;
  readonly #aside: TaskGroup; // Calls of `reject`, and those that did not heed their deadline.
  readonly #ready: Batch<E, T>[] = [];
  readonly #clocks: Readonly<Record<StageName, StageClock>>;
  readonly #hasTransform: boolean;
  readonly #pace = new Pace();
  #intake: Intake<E> | undefined;
  #numbering: Numbering | undefined;
  #cancellation: { readonly reason: unknown } | undefined;
  #cancelled: Promise<void> | undefined; // Of the source.
  #isExtracting = false; // `extract` has been called, and its source has not ended.
  #isStopped = false;
  #isServing = false;
  #sequence = 0;
  #offset = 0;
  #onOver: (() => void) | undefined;

  /** Makes the flow of a run; nothing begins before `run`. */
  constructor(equipment: Equipment<E, T>, listener: FlowListener) {
    const { pipeline, settings } = equipment;
    const { workers } = settings;
    const now = performance.now();
    this.#isPlain = isPlain(equipment);
    this.#station = this.#stationOf(equipment);
    this.#map = new BatchMap(this.#station, this.#isPlain);
    this.#listener = listener;
    this.#hasTransform = (pipeline.transform ?? pipeline.transformBatch) !== undefined;
    this.#batcher = new Batcher(settings, () => this.#serve());
    this.#transforms = new TaskGroup(workers, (error) => this.fail(error));
    this.#loads = new TaskGroup(workers, (error) => this.#failIn("load", error));
    this.#aside = new TaskGroup(Infinity, (error) => this.#failIn("load", error));
    this.#clocks = {
      extract: new StageClock(1, now),
      transform: new StageClock(workers, now),
      load: new StageClock(workers, now),
    };
  }

  #stationOf(equipment: Equipment<E, T>): Station<E, T> {
    const isStopped = () => this.#isStopped;
    return {
      ...equipment,
      counts: this.counts,
      get isStopped() {
        return isStopped();
      },
      onRetry: (error) => {
        this.counts.retries++;
        const delay = retryAfterOf(error);
        if (delay !== undefined) equipment.settings.rateLimit?.pause(delay);
      },
      onLeft: (settled) => this.#aside.run(() => settled, () => this.#serve()),
    };
  }

  /** Items read from the source. */
  get extracted(): number {
    return this.#intake?.extracted ?? 0;
  }

  /** No further call may begin. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Counts calls of `transform`, and tells whether everything else should have a turn. */
  isPauseDue(calls: number): boolean {
    return this.#pace.isDue(calls);
  }

  /** Where the time of each stage went. */
  get stages(): Record<StageName, StageTimes> {
    const now = performance.now();
    const { extract, transform, load } = this.#clocks;
    return { extract: extract.read(now), transform: transform.read(now), load: load.read(now) };
  }

  /** From now on the time of `extract` counts, until its source ends. */
  expectSource(isExpected: boolean): void {
    this.#isExtracting = isExpected;
    this.#mark();
  }

  /**
   * Moves every item of the source to its load. Settles when the source has ended or is cancelled,
   * and no call is running; what fails is told to the listener.
   *
   * @throws {ConfigurationError} If `source` is no source, or a stream that somebody else reads.
   */
  async run(source: Source<E>): Promise<void> {
    const { pipeline, settings, keeper } = this.#station;
    if (!this.#isPlain) {
      const checkpoint = keeper?.checkpoint ?? blankCheckpoint;
      this.#numbering = new Numbering(checkpoint, settings.resume === "source");
    }
    const end = (end: IntakeEnd) => this.#endExtract(end);
    const action = `run pipeline "${pipeline.name}"`;
    const use = [action, "extract", "a function that gives "] as const;
    const intake = new Intake(source, this.#batcher, end, use, keeper && this.#numbering);
    this.#intake = intake;
    await new Promise<void>((resolve) => {
      this.#onOver = resolve;
      if (this.#cancellation === undefined) return void intake.start();
      this.#cancel(this.#cancellation.reason, true);
      resolve();
    });
    // Only the callbacks' signal can still reach a source that does not let go.
    if (intake.isStuck || intake.released !== undefined) {
      this.#listener.onStuck(this.#cancellation?.reason);
    }
    await Promise.all([this.#cancelled, intake.released]);
  }

  /** Cancels the source. What was read still goes to its load. */
  drain(reason: unknown): void {
    this.#cancel(reason, false);
    // While `extract` has not given a source, there is nothing to wait for.
    if (this.#isExtracting && this.#intake === undefined) this.#listener.onStuck(reason);
  }

  /** Cancels the source, drops what was gathered, and begins no further call. */
  halt(reason: unknown): void {
    this.#isStopped = true;
    this.#ready.length = 0;
    this.#batcher.discard();
    this.#cancel(reason, true);
    this.#serve();
  }

  /** Takes the error of a transform. */
  fail(error: unknown): void {
    this.#failIn("transform", error);
  }

  #cancel(reason: unknown, isHalted: boolean): void {
    this.#cancellation ??= { reason };
    const stopped = this.#intake?.stop(reason, isHalted);
    this.#cancelled ??= stopped?.catch((error) => this.#listener.onFailure("extract", [error], 1));
  }

  #endExtract(end: IntakeEnd): void {
    if (end !== undefined) this.#listener.onFailure("extract", [end.error], 1);
    this.#isExtracting = false;
    const { onError } = this.#station.settings;
    if (!this.#isStopped) this.#batcher[end === undefined ? "flush" : onError]();
    this.#serve();
  }

  #failIn(stage: FailureStage, error: unknown): void {
    const wasStopped = this.#isStopped;
    const failure = isOf(error, Exhausted) ? error : new Exhausted([error]);
    const isFenced = isOf(failure.errors.at(-1), FencedError);
    const place = failure.stage ?? (isFenced ? "checkpoints" : stage);
    this.#listener.onFailure(place, failure.errors, failure.attempts);
    if (!wasStopped) this.#reject(failure);
    this.#serve();
  }

  /** Tells the source which items failed. */
  #reject({ items, errors }: Exhausted): void {
    const { pipeline, context } = this.#station;
    if (pipeline.reject === undefined || items.length === 0) return;
    const { signal } = new AbortController(); // That of the run has aborted.
    const reject = () => pipeline.reject?.(items as E[], errors.at(-1), { ...context, signal });
    this.#aside.run(reject, () => this.#serve());
  }

  /** Moves on whatever can move, and finds out whether all is done. */
  #serve(): void {
    if (this.#isServing) return; // A callback that returned at once is served by the caller.
    this.#isServing = true;
    while (!this.#isStopped && this.#advance());
    this.#isServing = false;
    this.#mark();
    const isIdle = this.#transforms.running + this.#loads.running + this.#ready.length === 0;
    // A sync source or a `sizeOf` that aborts the run still hands over the item that it was called for.
    const isEmpty = this.#isStopped || this.#batcher.isEmpty;
    if (this.#isExtracting || !isIdle || !isEmpty) return;
    if (this.#aside.running === 0) this.#onOver?.();
    else this.#listener.onStuck(new DOMException("The run is over", "AbortError"));
  }

  #advance(): boolean {
    const batch = this.#loads.hasRoom ? this.#ready.shift() : undefined;
    if (batch !== undefined) {
      this.#load(batch);
      return true;
    }
    const { workers } = this.#station.settings;
    const hasRoom = this.#transforms.running + this.#ready.length < workers;
    const items = hasRoom ? this.#batcher.take() : undefined;
    if (items !== undefined) this.#transform(this.#batchOf(items));
    return items !== undefined;
  }

  #batchOf(items: E[]): Batch<E, T> {
    const size = items.length;
    const ranges = this.#numbering?.take(size) ?? [];
    const offset = ranges[0]?.[0] ?? this.#offset;
    const info = { sequence: this.#sequence++, offset, size, attempt: 1 };
    this.#offset += size;
    // Without a transform, T is E.
    const rows = items as unknown[] as T[];
    return { items, info, ranges, rows, results: undefined, isDivisible: true, lost: [] };
  }

  #transform(batch: Batch<E, T>): void {
    if (!this.#hasTransform) return this.#pass(batch);
    this.#mark(1);
    this.#transforms.run(() => this.#map.run(batch, this), (isMapped) => {
      if (isMapped && !this.#isStopped) this.#pass(batch);
      this.#serve();
    });
  }

  #pass(batch: Batch<E, T>): void {
    if (batch.rows.length === 0 && this.#isPlain) this.counts.skipped += batch.info.size;
    else if (this.#loads.hasRoom && this.#ready.length === 0) this.#load(batch);
    else this.#ready.push(batch);
  }

  #load(batch: Batch<E, T>): void {
    const { rows, info } = batch;
    const loaded = Math.min(rows.length, info.size); // Before `load` can change either.
    const skipped = info.size - loaded;
    this.#mark(0, 1);
    if (!this.#isPlain) {
      const load = new BatchLoad(this.#station, batch);
      return this.#loads.run(() => load.run(), () => this.#serve());
    }
    this.#loads.run(() => loadPlainly(this.#station, batch), (result) => {
      if (result !== counted) {
        this.counts.batches++;
        this.counts.loaded += loaded;
        this.counts.skipped += skipped;
      }
      this.#serve();
    });
  }

  /** Tells the clocks who is at work from now on; `transforms` and `loads` are about to begin. */
  #mark(transforms = 0, loads = 0): void {
    const now = performance.now();
    const { extract, transform, load } = this.#clocks;
    // While the stages below hold the thread, nothing can be read.
    const isHeld = this.#isServing || this.#batcher.isFull;
    extract.set(+(this.#isExtracting && !isHeld), +(this.#isExtracting && isHeld), now);
    transform.set(this.#transforms.running + transforms, this.#ready.length, now);
    load.set(this.#loads.running + loads, 0, now);
  }
}
