import type { RunSnapshot, RunTrace, StageName } from "../run-report.ts";
import type { Emit } from "./emitter.ts";
import { Histogram } from "./histogram.ts";
import { MovingRate } from "./moving-rate.ts";
import type { RunSettings } from "./run-options.ts";
import { type StageActivity, StageClock } from "./stage-clock.ts";
import type { Batch, Counts } from "./station.ts";
import { Trace } from "./trace.ts";

/** What the gauges know of a run. */
export interface GaugesOptions {
  readonly settings: Pick<RunSettings<never>, "workers" | "trace">;
  readonly emit: Emit | undefined;
  /** When the run began, by the clock that durations are measured with. */
  readonly begin: number;
}

/** Measures a run: a few looks at the clock for each batch, and none for an item. */
export class Gauges {
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
  constructor({ settings: { workers, trace }, emit, begin }: GaugesOptions, counts: Counts) {
    this.#clocks = {
      extract: new StageClock(1, begin),
      transform: new StageClock(workers, begin),
      load: new StageClock(workers, begin),
    };
    this.workers = workers;
    this.#counts = counts;
    this.#begin = begin;
    this.#rate = new MovingRate(begin);
    this.#trace = trace ? new Trace(begin) : undefined;
    this.#emit = emit;
  }

  /** What a picture is drawn from, if it is wanted; as it was when `read` was called last. */
  get trace(): RunTrace | undefined {
    return this.#trace?.read();
  }

  /** Where the time of each stage went, how many items were done lately, and how long batches take. */
  read(now: number): Pick<RunSnapshot, "stages" | "rate" | "latency"> {
    this.#count(now);
    const { extract, transform, load } = this.#clocks;
    const latency = this.#latency.read();
    return {
      stages: { extract: extract.read(now), transform: transform.read(now), load: load.read(now) },
      rate: this.#rate.read(now),
      ...(latency !== undefined && { latency }),
    };
  }

  /**
   * Tells the clocks who is at work from now on, and gives the time: what is done about the source,
   * how many batches are transformed, are ready for a load, and are loaded.
   */
  mark(
    source: "reading" | "held" | "done",
    transforms: number,
    ready: number,
    loads: number,
  ): number {
    const now = performance.now();
    const { extract, transform, load } = this.#clocks;
    const reading = extract.tick(now);
    reading.busy = source === "reading" ? 1 : 0;
    reading.blocked = source === "held" ? 1 : 0;
    const mapping = transform.tick(now);
    mapping.busy = transforms - mapping.backoff;
    mapping.blocked = ready;
    const loading = load.tick(now);
    loading.busy = loads - loading.backoff - loading.limited;
    return now;
  }

  /** A worker waits before another attempt, or for the rate limit; gives what ends that. */
  rest(stage: "transform" | "load", why: "backoff" | "limited"): () => void {
    const turn = (change: number) => {
      const activity: StageActivity = this.#clocks[stage].tick(performance.now());
      activity[why] += change;
      activity.busy -= change;
    };
    turn(1);
    return () => turn(-1);
  }

  /** The load of a batch begins. */
  begin<E, T>(batch: Batch<E, T>, now: number): void {
    batch.begun = now;
    if (batch.mapped < 0) batch.mapped = now; // It did not have to wait.
    this.#trace?.begin(batch.info.sequence);
  }

  /** A batch is finished. */
  end<E, T>(batch: Batch<E, T>, size: number): void {
    const now = performance.now();
    this.#latency.record(now - batch.formed);
    this.#count(now);
    if (batch.begun < 0) { // Nothing of it was to be loaded.
      batch.begun = now;
      if (batch.mapped < 0) batch.mapped = now;
    }
    this.#trace?.end(batch, now);
    if (this.#emit === undefined) return;
    const since = (time: number) => time - this.#begin;
    const { formed, mapped, begun, info: { sequence, offset } } = batch;
    const times = { formed: since(formed), mapped: since(mapped), begun: since(begun) };
    const ended = since(now);
    this.#emit({ type: "batch:loaded", sequence, offset, size, times: { ...times, ended } });
  }

  /** Counts what was done since it was called last: parts of a batch may be done long before it. */
  #count(now: number): void {
    const { loaded, skipped, deadLettered } = this.#counts;
    const done = loaded + skipped + deadLettered;
    if (done === this.#done) return;
    this.#rate.add(done - this.#done, now);
    this.#trace?.count(done - this.#done, now);
    this.#done = done;
  }
}
