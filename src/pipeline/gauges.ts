import type { Latency, RunTrace, StageName, StageTimes } from "../run-report.ts";
import type { Emit } from "./emitter.ts";
import { Histogram } from "./histogram.ts";
import { MovingRate } from "./moving-rate.ts";
import { type StageActivity, StageClock } from "./stage-clock.ts";
import type { Batch } from "./station.ts";
import { Trace } from "./trace.ts";

/** What is at work, and what waits. */
export interface Activity {
  /** The source is being read, or `extract` is running. */
  readonly isExtracting: boolean;
  /** Nothing can be read, as what was read is not taken. */
  readonly isHeld: boolean;
  /** Batches that are being transformed. */
  readonly transforms: number;
  /** Batches that are transformed and wait for a free worker. */
  readonly ready: number;
  /** Batches that are being loaded. */
  readonly loads: number;
}

/** Measures a run: a few looks at the clock for each batch, and none for an item. */
export class Gauges {
  readonly #clocks: Readonly<Record<StageName, StageClock>>;
  readonly #begin: number;
  readonly #rate: MovingRate;
  readonly #latency = new Histogram();
  readonly #trace: Trace | undefined;
  readonly #emit: Emit | undefined;

  /** Begins to measure a run of so many workers. */
  constructor(workers: number, isTraced: boolean, emit: Emit | undefined) {
    const now = this.#begin = performance.now();
    this.#clocks = {
      extract: new StageClock(1, now),
      transform: new StageClock(workers, now),
      load: new StageClock(workers, now),
    };
    this.#rate = new MovingRate(now);
    this.#trace = isTraced ? new Trace(workers, now) : undefined;
    this.#emit = emit;
  }

  /** Where the time of each stage went until now. */
  get stages(): Record<StageName, StageTimes> {
    const now = performance.now();
    const { extract, transform, load } = this.#clocks;
    return { extract: extract.read(now), transform: transform.read(now), load: load.read(now) };
  }

  /** Items that were done per second, lately. */
  get rate(): number {
    return this.#rate.read(performance.now());
  }

  /** How long batches take. */
  get latency(): Latency | undefined {
    return this.#latency.read();
  }

  /** What a picture is drawn from, if it is wanted. */
  get trace(): RunTrace | undefined {
    return this.#trace?.read();
  }

  /** Tells the clocks who is at work from now on, and gives the time. */
  mark({ isExtracting, isHeld, transforms, ready, loads }: Activity): number {
    const now = performance.now();
    const { extract, transform, load } = this.#clocks;
    const reading = extract.tick(now);
    reading.busy = +(isExtracting && !isHeld);
    reading.blocked = +(isExtracting && isHeld);
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
    if (batch.mapped === 0) batch.mapped = now; // It did not have to wait.
    this.#trace?.begin(batch.info.sequence);
  }

  /** A batch is finished. */
  end<E, T>(batch: Batch<E, T>, size: number): void {
    const now = performance.now();
    this.#latency.record(now - batch.formed);
    this.#rate.add(size, now);
    this.#trace?.end(batch, now);
    if (this.#emit === undefined) return;
    const since = (time: number) => time - this.#begin;
    const { formed, mapped, begun, info: { sequence, offset } } = batch;
    const times = { formed: since(formed), mapped: since(mapped), begun: since(begun) };
    const ended = since(now);
    this.#emit({ type: "batch:loaded", sequence, offset, size, times: { ...times, ended } });
  }
}
