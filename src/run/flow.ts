import { Yielder } from "../runtime/macrotask.ts";
import { exhaustedBy } from "../retry/recovery.ts";
import type { FailureStage, Guarantee, RunSnapshot, StageName } from "../report-types.ts";
import { SourceBatcher } from "../streams/source-batcher.ts";
import type { Lease } from "../streams/lease.ts";
import type { Stop } from "../streams/map-items.ts";
import { TaskGroup } from "../streams/task-group.ts";
import { BackgroundCalls } from "./background-calls.ts";
import type { Batch } from "./batch.ts";
import { BatchLoad } from "./batch-load.ts";
import { BatchMap } from "./batch-map.ts";
import { Counts } from "./counts.ts";
import { Extraction } from "./extraction.ts";
import { failureOf } from "./failures.ts";
import { Rows } from "./rows.ts";
import { RunMetrics } from "./run-metrics.ts";
import { PlainLoad } from "./plain-load.ts";
import { contextOf, type FlowListener, type RunContext } from "./run-context.ts";
import type { RunResources } from "./run-resources.ts";

/** A reading of the clock since which no user code was called, so that it is still right. */
type Look = number | undefined;

/**
 * The working part of a run: source → batcher → transforms → loads, joined by one function that
 * moves on whatever can move. A stage with nothing to do costs nothing, and one that is full holds
 * back the one before it. Up to `workers` batches are transformed or wait, and as many are loaded.
 */
export class Flow<E, T> implements Stop<Batch<E, T>> {
  /** Items by their fate. */
  readonly counts: Counts = new Counts();
  /** Measurements of the run. */
  readonly metrics: RunMetrics;
  /** Of the transforms. */
  readonly pace: Yielder = new Yielder();
  /** A transform has given a promise. */
  isAsync = false;
  /** A transform has given several rows at once. */
  hasMany = false;
  readonly #run: RunContext<E, T>;
  readonly #plain: PlainLoad<E, T>; // Nothing is done about a call that fails.
  readonly #map: BatchMap<E, T>;
  readonly #listener: FlowListener;
  readonly #batcher: SourceBatcher<E>;
  readonly #extraction: Extraction<E, T>;
  readonly #transforms: TaskGroup<Batch<E, T>, Rows<T> | undefined, Look>;
  readonly #loads: TaskGroup<Batch<E, T>, unknown, Look>;
  readonly #backgroundCalls: BackgroundCalls<E, T>;
  readonly #ready: Batch<E, T>[] = [];
  readonly #hasTransform: boolean;
  #isStopped = false;
  #isOver = false;
  #isPumping = false;
  #holds = 0; // Those who have more to do before anything moves on, or is over.
  #clocksLag = false; // They are told who is at work when the reader goes on.
  #onOver: (() => void) | undefined;

  /** Makes the flow of a run; nothing begins before `run`. */
  constructor(resources: RunResources<E, T>, listener: FlowListener) {
    const { pipeline, settings, settings: { workers } } = resources;
    this.metrics = new RunMetrics(resources, this.counts);
    this.#backgroundCalls = new BackgroundCalls(resources, {
      onFailure: (error) => this.#failIn("load", error),
      onSettled: () => void this.#pump(),
    });
    this.#run = contextOf(resources, this, this.#backgroundCalls);
    this.#plain = new PlainLoad(this.#run);
    this.#map = new BatchMap(this.#run);
    this.#listener = listener;
    this.#hasTransform = (pipeline.transform ?? pipeline.transformBatch) !== undefined;
    this.#batcher = new SourceBatcher(settings, () => void this.#pump());
    this.#extraction = this.#makeExtraction();
    this.#transforms = new TaskGroup(workers, {
      call: (batch) => this.#map.run(batch, this),
      done: (batch, rows) => this.#pump(rows && !this.#isStopped ? this.#pass(batch) : undefined),
      failed: (batch, error) => this.#failIn("transform", error, batch),
    });
    this.#loads = new TaskGroup(workers, {
      call: (batch) => batch.load!.run(batch),
      done: (batch) => {
        const next = batch.load!.onSuccess(batch);
        if (next === "again") return this.#loads.run(batch);
        return this.#pump(next === "done" ? this.metrics.end(batch) : undefined);
      },
      failed: (batch, error) => {
        if (batch.load!.onFailure(batch, error) === "again") return this.#loads.run(batch);
        return this.#failIn("load", error, batch);
      },
    });
  }

  /** Items read from the source. */
  get extracted(): number {
    return this.#extraction.extracted;
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
    return this.extracted + this.#extraction.batches + this.counts.moves;
  }

  /** The stage that everything waits for. */
  get current(): StageName {
    if (this.#loads.running > 0) return "load";
    return this.#transforms.running > 0 ? "transform" : "extract";
  }

  /** Numbers of items and batches at work and waiting. */
  get queues(): Pick<RunSnapshot, "inFlight" | "queued"> {
    const inFlight = { transform: this.#transforms.running, load: this.#loads.running };
    return { inFlight, queued: { items: this.#batcher.gathered, batches: this.#ready.length } };
  }

  /** The items to expect, where the source can tell. */
  get total(): number | undefined {
    return this.#extraction.total;
  }

  /** The source, which may tell its bytes. */
  get source(): { readonly bytesRead?: number; readonly bytesSkipped?: number } {
    return this.#extraction.source;
  }

  /** Guarantee to which the source weakens that of the options. */
  get guarantee(): Guarantee | undefined {
    return this.#extraction.guarantee;
  }

  /** From now on the time of `extract` counts, until its source ends. */
  expectSource(isExpected: boolean): void {
    this.#extraction.isRunning = isExpected;
    this.#isOver = !isExpected;
    if (this.#isOver) this.#backgroundCalls.stop();
    this.#mark();
  }

  /**
   * Moves every item of the source to its load. Settles when the source has ended or is cancelled,
   * and no call is running; what fails is told to the listener.
   */
  async run(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onOver = resolve;
      this.#extraction.start();
    });
    await this.#extraction.release();
  }

  /** The leased source in this run. */
  get lease(): Lease<E> | undefined {
    return this.#run.lease;
  }

  /** Cancels the source. What was read still goes to its load. */
  drain(reason: unknown): void {
    this.#extraction.cancel(reason, false);
  }

  /** Cancels the source, drops what was gathered, and begins no further call. */
  halt(reason: unknown): void {
    this.#isStopped = true;
    this.#ready.length = 0;
    this.#batcher.discard();
    this.#extraction.cancel(reason, true);
    this.#pump();
  }

  /** Takes the error of a transform. */
  fail(error: unknown, batch: Batch<E, T>): void {
    this.#failIn("transform", error, batch);
  }

  #makeExtraction(): Extraction<E, T> {
    return new Extraction(this.#run, this.#batcher, this.#listener, {
      onGoOn: () => {
        if (this.#clocksLag) this.#mark();
      },
      onTimeUp: () => void this.#pump(),
      onEnd: (isFailed) => {
        if (!this.#isStopped) this.#batcher[isFailed ? this.#run.settings.onError : "flush"]();
        this.#pump();
      },
    });
  }

  #failIn(stage: FailureStage, error: unknown, batch?: Batch<E, T>): Look {
    const wasStopped = this.#isStopped;
    const failure = exhaustedBy(error);
    this.#holds++; // So that nothing is over before `reject` has been called.
    this.#listener.onFailure(failureOf(stage, failure, batch?.info));
    if (!wasStopped) this.#backgroundCalls.reject(failure, batch);
    this.#holds--;
    return this.#pump();
  }

  /**
   * The driver of a run. Whatever changes something calls it: the bucket that has a batch, a transform
   * or a load that has settled, a failure, a stop, the end of the source. It takes every step that is
   * possible, as if it did not know who called, so no caller has to know what its change allows.
   *
   * The naive way is an async function per worker that awaits its batch, its transform and its load.
   * That costs promises for each step, leaves batches in awaits that a stop cannot reach, and nobody
   * sees all stages at once, as who tells that a run is over must.
   *
   * The steps call the user's functions, which may settle at once or call back into the run. So the
   * loop is never entered twice: a nested caller has left its change in the fields that
   * it looks at after each step. Loads go first, as what leaves makes room for what comes. Where no step is
   * possible the loop ends, and whatever is then awaited (a read, a call, a timer) calls it again.
   *
   * A look at the clock costs too much to take one for each step, as a batch may be a single item. So
   * a step is given the last look while it is right, and gives back one that is right after it. The
   * pump gives back the look that it did not use, as it runs already, to a caller who is such a step.
   */
  #pump(look?: Look): Look {
    if (this.#isPumping || this.#holds > 0) return look;
    this.#isPumping = true;
    let now = look;
    while (!this.#isStopped) {
      if (this.#ready.length > 0 && this.#loads.hasRoom) {
        // A batch has waited for a worker, and one is free.
        now = this.#load(this.#ready.shift()!, now);
        continue;
      }
      // A batch is only taken where it can be held: the bucket counts as full until then.
      const hasRoom = this.#transforms.running + this.#ready.length < this.metrics.workers;
      const items = hasRoom ? this.#batcher.take() : undefined;
      if (items === undefined && !this.#extraction.pauses()) break;
      now = items && this.#transform(items, now);
    }
    this.#isPumping = false;
    // The reader tells the clocks when it goes on, unless a load that settles does so before.
    this.#clocksLag = this.#extraction.isPaused && !this.#batcher.isFull && now === undefined;
    if (!this.#clocksLag) this.#mark(now);
    if (this.#isDone) this.#backgroundCalls.wait(() => this.#onOver?.());
    return undefined;
  }

  /** Nothing more comes, and nothing is left of what came. */
  get #isDone(): boolean {
    if (this.#extraction.isRunning) return false;
    const isIdle = this.#transforms.running + this.#loads.running + this.#ready.length === 0;
    // A sync source or a `sizeOf` that aborts the run still hands over the item that it was called for.
    return isIdle && (this.#isStopped || this.#batcher.isEmpty);
  }

  #transform(taken: E[], look: Look): Look {
    const batchedAt = this.#mark(look, this.#hasTransform ? 1 : 0);
    const batch = this.#extraction.batchOf(taken, batchedAt);
    if (batch === undefined) return undefined;
    if (this.#hasTransform || batch.malformed !== undefined) return this.#transforms.run(batch);
    const { items } = batch;
    batch.rows = new Rows(items as readonly unknown[] as readonly T[]); // Without a transform, T is E.
    batch.transformedAt = batch.batchedAt;
    return this.#pass(batch, batch.batchedAt);
  }

  /** Takes a batch that is transformed to its load, or to those that wait for one. */
  #pass(batch: Batch<E, T>, look?: Look): Look {
    const { rows } = batch;
    if (rows.count === 0 && this.#run.isPlain) {
      this.#plain.leaveOut(batch);
      return this.metrics.end(batch);
    }
    if (this.#loads.hasRoom && this.#ready.length === 0) return this.#load(batch, look);
    this.#ready.push(batch);
    if (batch.transformedAt < 0) batch.transformedAt = look ?? this.metrics.clock.now();
    return batch.transformedAt;
  }

  #load(batch: Batch<E, T>, look: Look): Look {
    batch.load = this.#run.isPlain ? this.#plain : new BatchLoad(this.#run, batch);
    this.metrics.begin(batch, this.#mark(look, 0, 1));
    return this.#loads.run(batch);
  }

  /** Tells the clocks who is at work from now on; `transforms` and `loads` are about to begin. */
  #mark(look?: Look, transforms = 0, loads = 0): number {
    const now = look ?? this.metrics.clock.now();
    this.#clocksLag = false;
    // While the thread is held, nothing is read.
    const isHeld = this.#isPumping || this.#batcher.isFull;
    const source = this.#extraction.isRunning ? (isHeld ? "held" : "reading") : "done";
    const mapping = this.#transforms.running + transforms;
    const loading = this.#loads.running + loads;
    this.metrics.mark(now, source, mapping, this.#ready.length, loading);
    return now;
  }
}
