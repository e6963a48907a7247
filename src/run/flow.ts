import { Yielder } from "../runtime/macrotask.ts";
import { blankCheckpoint } from "../checkpoints/checkpoint.ts";
import { nowhere, OffsetTracker } from "../checkpoints/offset-tracker.ts";
import { exhaustedBy } from "../retry/recovery.ts";
import type { FailureStage, RunSnapshot, StageName } from "../report-types.ts";
import { SourceBatcher } from "../streams/source-batcher.ts";
import { type ReadEnd, type ReadListener, SourceReader } from "../streams/source-reader.ts";
import type { Stop } from "../streams/map-items.ts";
import type { Source } from "../streams/source.ts";
import { TaskGroup } from "../streams/task-group.ts";
import { BackgroundCalls } from "./background-calls.ts";
import { type Batch, batchOf } from "./batch.ts";
import { BatchLoad } from "./batch-load.ts";
import { BatchMap } from "./batch-map.ts";
import { Counts } from "./counts.ts";
import { failureIn, failureOf } from "./failures.ts";
import { RunMetrics } from "./run-metrics.ts";
import { PlainLoad } from "./plain-load.ts";
import { contextOf, type FlowListener, type RunContext } from "./run-context.ts";
import { isFastPath, type RunResources } from "./run-resources.ts";

/**
 * The working part of a run: source → batcher → transforms → loads, joined by one function that
 * moves on whatever can move. A stage with nothing to do costs nothing, and one that is full holds
 * back the one before it. Up to `workers` batches are transformed or wait, and as many are loaded.
 */
export class Flow<E, T> implements Stop<Batch<E, T>> {
  /** What became of the items. */
  readonly counts: Counts = new Counts();
  /** What is measured. */
  readonly metrics: RunMetrics;
  /** Of the transforms. */
  readonly pace: Yielder = new Yielder();
  /** A transform has given a promise. */
  isAsync = false;
  readonly #run: RunContext<E, T>;
  readonly #plain: PlainLoad<E, T> | undefined; // Nothing is done about a call that fails.
  readonly #map: BatchMap<E, T>;
  readonly #listener: FlowListener;
  readonly #batcher: SourceBatcher<E>;
  readonly #transforms: TaskGroup<Batch<E, T>, boolean>;
  readonly #loads: TaskGroup<Batch<E, T>, unknown>;
  readonly #aside: BackgroundCalls<E, T>;
  readonly #ready: Batch<E, T>[] = [];
  readonly #hasTransform: boolean;
  #reader: SourceReader<E> | undefined;
  #numbering: OffsetTracker | undefined;
  #cancellation: { readonly reason: unknown } | undefined;
  #cancelled: Promise<void> | undefined; // Of the source.
  #isExtracting = false; // `extract` has been called, and its source has not ended.
  #isStopped = false;
  #isOver = false;
  #isServing = false;
  #sequence = 0;
  #offset = 0;
  #now: number | undefined; // Where the clock was looked at just before.
  #isOwed = false; // The clocks are to be told when the reader goes on.
  #onOver: (() => void) | undefined;

  /** Makes the flow of a run; nothing begins before `run`. */
  constructor(resources: RunResources<E, T>, listener: FlowListener) {
    const { pipeline, settings, settings: { workers } } = resources;
    this.metrics = new RunMetrics(resources, this.counts);
    this.#aside = new BackgroundCalls(resources, {
      onFailure: (error) => this.#failIn("load", error),
      onSettled: () => this.#pump(),
    });
    this.#run = contextOf(resources, this, this.#aside);
    this.#plain = isFastPath(resources) ? new PlainLoad(this.#run) : undefined;
    this.#map = new BatchMap(this.#run, this.#plain !== undefined);
    this.#listener = listener;
    this.#hasTransform = (pipeline.transform ?? pipeline.transformBatch) !== undefined;
    this.#batcher = new SourceBatcher(settings, () => this.#pump());
    this.#transforms = new TaskGroup(workers, {
      call: (batch) => this.#map.run(batch, this),
      done: (batch, isMapped) => {
        if (isMapped && !this.#isStopped) this.#pass(batch);
        this.#pump();
      },
      failed: (batch, error) => this.fail(error, batch),
    });
    this.#loads = new TaskGroup(workers, {
      call: (batch) => batch.load!.run(batch),
      done: (batch) => {
        const next = batch.load!.onSuccess(batch);
        if (next === "again") return this.#loads.run(batch);
        if (next === "done") this.#now = this.metrics.end(batch);
        this.#pump();
      },
      failed: (batch, error) => {
        if (batch.load!.onFailure(batch, error) === "again") this.#loads.run(batch);
        else this.#failIn("load", error, batch);
      },
    });
  }

  /** Items read from the source. */
  get extracted(): number {
    return this.#reader?.extracted ?? 0;
  }

  /** The run waits for nothing of it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** No further call may begin. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Changes whenever anything moves. */
  get moves(): number {
    return this.extracted + this.#sequence + this.counts.moves;
  }

  /** The stage that everything waits for. */
  get current(): StageName {
    if (this.#loads.running > 0) return "load";
    return this.#transforms.running > 0 ? "transform" : "extract";
  }

  /** What is at work, and what waits. */
  get queues(): Pick<RunSnapshot, "inFlight" | "queued"> {
    const inFlight = { transform: this.#transforms.running, load: this.#loads.running };
    return { inFlight, queued: { items: this.#batcher.gathered, batches: this.#ready.length } };
  }

  /** The items to expect, where the source can tell. */
  get total(): number | undefined {
    return this.#reader?.total;
  }

  /** From now on the time of `extract` counts, until its source ends. */
  expectSource(isExpected: boolean): void {
    this.#isExtracting = isExpected;
    this.#isOver = !isExpected;
    if (this.#isOver) this.#aside.stop();
    this.#mark();
  }

  /**
   * Moves every item of the source to its load. Settles when the source has ended or is cancelled,
   * and no call is running; what fails is told to the listener.
   *
   * @throws {ConfigurationError} If `source` is no source, or a stream that somebody else reads.
   */
  async run(source: Source<E>): Promise<void> {
    const { pipeline, settings, checkpointWriter } = this.#run;
    if (this.#plain === undefined) {
      const checkpoint = checkpointWriter?.checkpoint ?? blankCheckpoint;
      this.#numbering = new OffsetTracker(checkpoint, settings.resume === "source");
    }
    const listener: ReadListener = {
      onGoOn: () => this.#isOwed && this.#mark(),
      onEnd: (end) => this.#endExtract(end),
    };
    const use = [`run pipeline "${pipeline.name}"`, "extract", "a function that gives "] as const;
    const reader = new SourceReader(
      source,
      this.#batcher,
      listener,
      use,
      checkpointWriter && this.#numbering,
    );
    this.#reader = reader;
    await new Promise<void>((resolve) => {
      this.#onOver = resolve;
      if (this.#cancellation === undefined) return void reader.start();
      this.#cancel(this.#cancellation.reason, true);
      resolve();
    });
    // Only the callbacks' signal can still reach a source that does not let go.
    if (reader.isStuck || reader.released !== undefined) {
      this.#listener.onUnresponsive(this.#cancellation?.reason);
    }
    await Promise.all([this.#cancelled, reader.released]);
  }

  /** Cancels the source. What was read still goes to its load. */
  drain(reason: unknown): void {
    this.#cancel(reason, false);
    // While `extract` has not given a source, there is nothing to wait for.
    if (this.#isExtracting && this.#reader === undefined) this.#listener.onUnresponsive(reason);
  }

  /** Cancels the source, drops what was gathered, and begins no further call. */
  halt(reason: unknown): void {
    this.#isStopped = true;
    this.#ready.length = 0;
    this.#batcher.discard();
    this.#cancel(reason, true);
    this.#pump();
  }

  /** Takes the error of a transform. */
  fail(error: unknown, batch: Batch<E, T>): void {
    this.#failIn("transform", error, batch);
  }

  #cancel(reason: unknown, isHalted: boolean): void {
    this.#cancellation ??= { reason };
    const stopped = this.#reader?.stop(reason, isHalted);
    const fail = (error: unknown) => this.#listener.onFailure(failureIn("extract", error));
    this.#cancelled ??= stopped?.catch(fail);
  }

  #endExtract(end: ReadEnd): void {
    if (end !== undefined) this.#listener.onFailure(failureIn("extract", end.error));
    this.#isExtracting = false;
    const { onError } = this.#run.settings;
    if (!this.#isStopped) this.#batcher[end === undefined ? "flush" : onError]();
    this.#pump();
  }

  #failIn(stage: FailureStage, error: unknown, batch?: Batch<E, T>): void {
    const [wasStopped, wasServing] = [this.#isStopped, this.#isServing];
    const failure = exhaustedBy(error);
    this.#isServing = true; // So that nothing is over before `reject` has been called.
    this.#listener.onFailure(failureOf(stage, failure, batch?.info));
    if (!wasStopped) this.#aside.reject(failure);
    this.#isServing = wasServing;
    this.#pump();
  }

  /** Moves on whatever can move, and finds out whether all is done. */
  #pump(): void {
    if (this.#isServing) return; // A callback that returned at once is served by the caller.
    this.#isServing = true;
    while (!this.#isStopped && this.#advance());
    this.#isServing = false;
    // Who reads looks at the clock as he goes on, if a load that settles has not done so by then.
    const isAway = this.#isExtracting && this.#reader?.isReading === false;
    if (!isAway || this.#batcher.isFull || this.#now !== undefined) this.#mark();
    else this.#isOwed = true;
    const isIdle = this.#transforms.running + this.#loads.running + this.#ready.length === 0;
    // A sync source or a `sizeOf` that aborts the run still hands over the item that it was called for.
    const isEmpty = this.#isStopped || this.#batcher.isEmpty;
    if (!this.#isExtracting && isIdle && isEmpty) this.#aside.wait(() => this.#onOver?.());
  }

  #advance(): boolean {
    if (this.#ready.length > 0 && this.#loads.hasRoom) {
      this.#load(this.#ready.shift()!);
      return true;
    }
    const hasRoom = this.#transforms.running + this.#ready.length < this.metrics.workers;
    const items = hasRoom ? this.#batcher.take() : undefined;
    if (items !== undefined) this.#transform(this.#batchOf(items));
    return items !== undefined;
  }

  #batchOf(items: E[]): Batch<E, T> {
    const size = items.length;
    const ranges = this.#numbering?.take(size) ?? nowhere;
    const offset = ranges[0]?.[0] ?? this.#offset;
    const info = { sequence: this.#sequence++, offset, size, attempt: 1 };
    this.#offset += size;
    return batchOf(items, info, ranges, this.#mark(+this.#hasTransform));
  }

  #transform(batch: Batch<E, T>): void {
    if (this.#hasTransform) return this.#transforms.run(batch);
    batch.times.transformedAt = this.#now = batch.times.batchedAt;
    this.#pass(batch);
  }

  #pass(batch: Batch<E, T>): void {
    const { rows, times } = batch;
    if (rows.count === 0 && this.#plain !== undefined) {
      this.#plain.leaveOut(batch);
      this.#now = this.metrics.end(batch);
      return;
    }
    if (this.#loads.hasRoom && this.#ready.length === 0) return this.#load(batch);
    if (times.transformedAt < 0) times.transformedAt = this.#now = this.metrics.clock.now();
    this.#ready.push(batch);
  }

  #load(batch: Batch<E, T>): void {
    batch.load = this.#plain ?? new BatchLoad(this.#run, batch);
    this.metrics.begin(batch, this.#mark(0, 1));
    this.#loads.run(batch);
  }

  /** Tells the clocks who is at work from now on; `transforms` and `loads` are about to begin. */
  #mark(transforms = 0, loads = 0): number {
    const now = this.#now ?? this.metrics.clock.now();
    this.#now = undefined;
    this.#isOwed = false;
    const isHeld = this.#isServing || this.#batcher.isFull; // While the thread is held, nothing is read.
    const source = this.#isExtracting ? (isHeld ? "held" : "reading") : "done";
    const mapping = this.#transforms.running + transforms;
    const loading = this.#loads.running + loads;
    this.metrics.mark(now, source, mapping, this.#ready.length, loading);
    return now;
  }
}
