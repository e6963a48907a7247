import type { Latency, RunSnapshot, RunTrace, StageName } from "../report-types.ts";
import { type Batch, progressOf } from "./batch.ts";
import type { Emit } from "../telemetry/emitter.ts";
import { Histogram } from "../telemetry/histogram.ts";
import { MovingRate } from "../telemetry/moving-rate.ts";
import type { RunSettings } from "../pipeline/run-options.ts";
import { StageClock } from "../telemetry/stage-clock.ts";
import type { Counts } from "./counts.ts";
import { Trace } from "./trace.ts";

/** Facts about the run that is measured. */
export interface RunMetricsOptions {
  readonly settings: Pick<RunSettings<never>, "workers" | "trace">;
  readonly emit: Emit | undefined;
  /** When the run began, by the clock that durations are measured with. */
  readonly begin: number;
}

/** Measures a run: a few looks at the clock for each batch, and none for an item. */
export class RunMetrics {
  /** Clock; a field of its own, as each look at Node's global is a call. */
  readonly clock: Pick<Performance, "now"> = performance;
  /** Batches that can be loaded at once. */
  readonly workers: number;
  readonly #clocks: Readonly<Record<StageName, StageClock>>;
  readonly #counts: Counts;
  readonly #begin: number;
  readonly #rate: MovingRate;
  readonly #latency = new Histogram();
  readonly #trace: Trace | undefined;
  readonly #emit: Emit | undefined;
  #done = 0; // Items that the rate and the trace know of.

  /** Begins to measure a run; `counts` is kept up to date by its work. */
  constructor({ settings: { workers, trace }, emit, begin }: RunMetricsOptions, counts: Counts) {
    this.#clocks = {
      extract: new StageClock(1),
      transform: new StageClock(workers),
      load: new StageClock(workers),
    };
    this.workers = workers;
    this.#counts = counts;
    this.#begin = begin;
    this.#rate = new MovingRate(begin);
    this.#trace = trace ? new Trace(begin) : undefined;
    this.#emit = emit;
  }

  /** Trace, if wanted, as of the last call of `read`. */
  get trace(): RunTrace | undefined {
    return this.#trace?.read();
  }

  /** Where the time of each stage went, how many items were done lately, and how long batches take. */
  read(now: number): Pick<RunSnapshot, "stages" | "rate"> & { latency: Latency | undefined } {
    this.#count(now);
    const { extract, transform, load } = this.#clocks;
    const since = now - this.#begin;
    return {
      stages: {
        extract: extract.read(since),
        transform: transform.read(since),
        load: load.read(since),
      },
      rate: this.#rate.read(now),
      latency: this.#latency.read(),
    };
  }

  /**
   * Tells the clocks who is at work from `now` on: what is done about the source, how many batches
   * are transformed, are ready for a load, and are loaded.
   */
  mark(
    now: number,
    source: "reading" | "held" | "done",
    transforms: number,
    ready: number,
    loads: number,
  ): void {
    const since = now - this.#begin;
    const { extract, transform, load } = this.#clocks;
    extract.busy.set(source === "reading" ? 1 : 0, since);
    extract.blocked.set(source === "held" ? 1 : 0, since);
    transform.busy.set(transforms - transform.backoff.count, since);
    transform.blocked.set(ready, since);
    load.busy.set(loads - load.backoff.count - load.limited.count, since);
  }

  /** A worker waits before another attempt, or for the rate limit; gives what ends that. */
  wait(stage: "transform" | "load", why: "backoff" | "limited"): () => void {
    const { busy, [why]: waiting } = this.#clocks[stage];
    const turn = (change: number) => {
      const since = this.clock.now() - this.#begin;
      waiting.set(waiting.count + change, since);
      busy.set(busy.count - change, since);
    };
    turn(1);
    return () => turn(-1);
  }

  /** A batch is transformed, and somebody is to be told. */
  transformed<E, T>(batch: Batch<E, T>, emit: Emit): void {
    const { info, rows } = batch;
    batch.transformedAt = this.clock.now();
    const { sequence, offset, size } = info;
    emit({
      type: "batch:transform",
      sequence,
      offset,
      size,
      rows: rows.count,
      times: {
        batchedAt: batch.batchedAt - this.#begin,
        transformedAt: batch.transformedAt - this.#begin,
      },
    });
  }

  /** The load of a batch begins. */
  begin<E, T>(batch: Batch<E, T>, now: number): void {
    batch.loadStartedAt = now;
    if (batch.transformedAt < 0) batch.transformedAt = now; // It did not have to wait.
    this.#trace?.begin(batch.info.sequence);
  }

  /** A batch is finished; gives the time after whoever was told of it. */
  end<E, T>(batch: Batch<E, T>): number {
    const now = this.clock.now();
    this.#latency.record(now - batch.batchedAt);
    this.#count(now);
    if (batch.loadStartedAt < 0) { // Nothing of it was to be loaded.
      batch.loadStartedAt = now;
      if (batch.transformedAt < 0) batch.transformedAt = now;
    }
    this.#trace?.end(batch, now);
    if (this.#emit === undefined) return now;
    this.#tellLoaded(this.#emit, batch, now);
    return this.clock.now();
  }

  #tellLoaded<E, T>(emit: Emit, batch: Batch<E, T>, now: number): void {
    const since = (time: number) => time - this.#begin;
    const { info: { sequence, offset, size } } = batch;
    const { loaded, skipped, deadLettered } = progressOf(batch);
    emit({
      type: "batch:load",
      sequence,
      offset,
      size,
      loaded,
      skipped,
      deadLettered,
      times: {
        batchedAt: since(batch.batchedAt),
        transformedAt: since(batch.transformedAt),
        loadStartedAt: since(batch.loadStartedAt),
        endedAt: since(now),
      },
    });
  }

  /** Counts what was done since it was called last: parts of a batch may be done long before it. */
  #count(now: number): void {
    const { done } = this.#counts;
    if (done === this.#done) return;
    this.#rate.add(done - this.#done, now);
    this.#trace?.count(done - this.#done, now);
    this.#done = done;
  }
}
