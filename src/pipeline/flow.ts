import { Pace } from "../macrotask.ts";
import { refuse } from "../options.ts";
import type { StageName, StageTimes } from "../run-report.ts";
import { Batcher } from "../streams/batcher.ts";
import { Intake, type IntakeEnd } from "../streams/intake.ts";
import { mapItems, type Stop } from "../streams/map-items.ts";
import { type skip, withoutSkips } from "../streams/skip.ts";
import type { Source } from "../streams/source.ts";
import { TaskGroup } from "../streams/task-group.ts";
import type { BatchInfo, Pipeline, PipelineContext } from "./pipeline.ts";
import type { RunSettings } from "./run-options.ts";
import { StageClock } from "./stage-clock.ts";

/** What a flow tells the run that it is part of. */
export interface FlowListener {
  /** A stage has failed. */
  onFailure(stage: StageName, error: unknown): void;
  /** All that was read is done, and only the callbacks' signal can end what the source waits for. */
  onStuck(reason: unknown): void;
}

/** A batch that is transformed and waits for a free worker. */
interface Batch<T> {
  readonly rows: T[];
  readonly info: BatchInfo;
}

/**
 * The working part of a run: source → batcher → transforms → loads, joined by one function that
 * moves on whatever can move. A stage with nothing to do costs nothing, and one that is full holds
 * back the one before it. Up to `workers` batches are transformed or wait, and as many are loaded.
 */
export class Flow<E, T> implements Stop {
  /** Items of the source whose load has succeeded. */
  loaded = 0;
  /** Items of the source that the transform left out. */
  skipped = 0;
  /** Loads that have succeeded. */
  batches = 0;
  readonly #pipeline: Pipeline<E, T>;
  readonly #settings: RunSettings<E>;
  readonly #context: PipelineContext;
  readonly #listener: FlowListener;
  readonly #batcher: Batcher<E>;
  readonly #transforms: TaskGroup;
  readonly #loads: TaskGroup;
  readonly #ready: Batch<T>[] = [];
  readonly #clocks: Readonly<Record<StageName, StageClock>>;
  readonly #hasTransform: boolean;
  readonly #pace = new Pace();
  #intake: Intake<E> | undefined;
  #cancellation: { readonly reason: unknown } | undefined;
  #cancelled: Promise<void> | undefined; // Of the source.
  #isExtracting = false; // `extract` has been called, and its source has not ended.
  #isStopped = false;
  #isServing = false;
  #sequence = 0;
  #offset = 0;
  #onOver: (() => void) | undefined;

  /** Makes the flow of a run; nothing begins before `run`. */
  constructor(
    pipeline: Pipeline<E, T>,
    settings: RunSettings<E>,
    context: PipelineContext,
    listener: FlowListener,
  ) {
    const { workers } = settings;
    const now = performance.now();
    this.#pipeline = pipeline;
    this.#settings = settings;
    this.#context = context;
    this.#listener = listener;
    this.#hasTransform = (pipeline.transform ?? pipeline.transformBatch) !== undefined;
    this.#batcher = new Batcher(settings, () => this.#serve());
    this.#transforms = new TaskGroup(workers, (error) => this.fail(error));
    this.#loads = new TaskGroup(workers, (error) => this.#failIn("load", error));
    this.#clocks = {
      extract: new StageClock(1, now),
      transform: new StageClock(workers, now),
      load: new StageClock(workers, now),
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
    const intake = new Intake(source, this.#batcher, (end) => this.#endExtract(end), [
      `run pipeline "${this.#pipeline.name}"`,
      "extract",
      "a function that gives ",
    ]);
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
    this.#cancelled ??= stopped?.catch((error) => this.#listener.onFailure("extract", error));
  }

  #endExtract(end: IntakeEnd): void {
    if (end !== undefined) this.#listener.onFailure("extract", end.error);
    this.#isExtracting = false;
    if (!this.#isStopped) this.#batcher[end === undefined ? "flush" : this.#settings.onError]();
    this.#serve();
  }

  #failIn(stage: StageName, error: unknown): void {
    this.#listener.onFailure(stage, error);
    this.#serve();
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
    if (!this.#isExtracting && isIdle && isEmpty) this.#onOver?.();
  }

  #advance(): boolean {
    const batch = this.#loads.hasRoom ? this.#ready.shift() : undefined;
    if (batch !== undefined) {
      this.#load(batch);
      return true;
    }
    const hasRoom = this.#transforms.running + this.#ready.length < this.#settings.workers;
    const items = hasRoom ? this.#batcher.take() : undefined;
    if (items !== undefined) this.#transform(items);
    return items !== undefined;
  }

  #transform(items: E[]): void {
    const size = items.length;
    const info = { sequence: this.#sequence++, offset: this.#offset, size, attempt: 1 };
    this.#offset += size;
    // Without a transform, T is E.
    if (!this.#hasTransform) return this.#pass({ rows: items as unknown[] as T[], info });
    this.#mark(1);
    this.#transforms.run(() => this.#map(items), (rows) => {
      if (rows !== undefined && !this.#isStopped) this.#pass({ rows, info });
      this.#serve();
    });
  }

  #map(items: E[]): T[] | undefined | Promise<T[] | undefined> {
    const pipeline = this.#pipeline;
    const context = this.#context;
    if (pipeline.transformBatch !== undefined) return this.#mapBatch(items);
    return mapItems(
      items,
      (item: E) => pipeline.transform!(item, context),
      this.#settings.concurrency,
      this,
    );
  }

  #mapBatch(items: E[]): T[] | Promise<T[]> {
    const rows = this.#pipeline.transformBatch!(items, this.#context);
    return Array.isArray(rows) ? this.#rowsOf(rows) : Promise.resolve(rows).then(this.#rowsOf);
  }

  readonly #rowsOf = (rows: readonly (T | typeof skip)[]): T[] => {
    if (!Array.isArray(rows)) {
      refuse(
        `run pipeline "${this.#pipeline.name}"`,
        "transformBatch",
        "a function that gives an array",
        rows,
      );
    }
    return withoutSkips(rows);
  };

  #pass(batch: Batch<T>): void {
    if (batch.rows.length === 0) this.skipped += batch.info.size;
    else if (this.#loads.hasRoom && this.#ready.length === 0) this.#load(batch);
    else this.#ready.push(batch);
  }

  #load({ rows, info }: Batch<T>): void {
    const { signal, pipeline, runId } = this.#context;
    const context = { signal, pipeline, runId, batch: info };
    const loaded = Math.min(rows.length, info.size); // Before `load` can change either.
    const skipped = info.size - loaded;
    this.#mark(0, 1);
    this.#loads.run(() => this.#pipeline.load(rows, context), () => {
      this.batches++;
      this.loaded += loaded;
      this.skipped += skipped;
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
