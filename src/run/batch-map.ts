import { batchResults } from "../pipeline/batch-results.ts";
import { withDeadline } from "../runtime/deadline.ts";
import type { Work } from "../retry/recovery.ts";
import { mapItems, type Mapper, type Stop } from "../streams/map-items.ts";
import { isMalformed, type MalformedItem } from "../streams/malformed-mark.ts";
import { skip } from "../streams/skip.ts";
import { type Rows, rowsFrom } from "./rows.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Batch } from "./batch.ts";
import { rangesFor } from "./batch-ranges.ts";
import { recoveryOf } from "./batch-recovery.ts";
import type { PipelineContext, Transformed, TransformedBatch } from "../pipeline/pipeline.ts";
import { type GivenUp, giveUp } from "./give-up.ts";
import { earlierAttempts, isTold, type RunContext } from "./run-context.ts";

/** The transform of a pipeline, with what a run does around it. */
type ItemMapper<E, T> = Mapper<E, T, PipelineContext>;

/** Results of a transform for the items of a batch, one by one. */
type Results<T> = readonly Transformed<T>[];

/** The rows of a batch, unless its map was stopped or has failed. */
type Mapped<T> = Rows<T> | undefined;

/** Maps the items of the batches of a run: each on its own, or those of a batch in one call. */
export class BatchMap<E, T> {
  readonly #run: RunContext<E, T>;
  readonly #mapper: ItemMapper<E, T>;

  /** Makes the map of a run; nothing begins before `run`. */
  constructor(run: RunContext<E, T>) {
    this.#run = run;
    this.#mapper = mapperOf(run);
  }

  /** Fills the rows of a batch and gives them; a boolean would take JavaScriptCore longer to tell from a promise. */
  run(batch: Batch<E, T>, stop: Stop<Batch<E, T>>): Mapped<T> | Promise<Mapped<T>> {
    const mapped = this.#map(batch, stop);
    const { deadLetterWriter, checkpointWriter } = this.#run;
    if (deadLetterWriter === undefined || checkpointWriter === undefined || !isThenable(mapped)) {
      return mapped;
    }
    return mapped.then((rows) => {
      this.#keepGivenUp(batch, batch.givenUp ?? []);
      return rows;
    }, (error) => {
      try {
        this.#keepGivenUp(batch, batch.givenUp ?? []);
      } catch {
        // The first failure is reported; the next run reads these items again.
      }
      throw error;
    });
  }

  #map(batch: Batch<E, T>, stop: Stop<Batch<E, T>>): Mapped<T> | Promise<Mapped<T>> {
    if (this.#run.pipeline.transformBatch !== undefined) return this.#mapBatch(batch);
    const { context, settings: { concurrency } } = this.#run;
    const rescue = this.#run.isPlain
      ? undefined
      : (index: number, error: unknown) => this.#rescue(batch, index, error);
    const mapper = batch.malformed === undefined ? this.#mapper : ofSound(this.#mapper);
    const results = mapItems(batch, mapper, context, concurrency, stop, rescue);
    return this.#fill(batch, results, stop.hasMany);
  }

  #fill(
    batch: Batch<E, T>,
    results: Results<T> | undefined | PromiseLike<Results<T> | undefined>,
    mayHaveMany?: boolean,
  ): Mapped<T> | Promise<Mapped<T>> {
    if (isThenable(results)) return Promise.resolve(results).then((all) => this.#take(batch, all));
    return this.#take(batch, results, mayHaveMany);
  }

  /** Takes the results of all items, or of none. */
  #take(batch: Batch<E, T>, results: Results<T> | undefined, mayHaveMany = true): Mapped<T> {
    if (results === undefined) return undefined;
    batch.rows = rowsFrom(results, mayHaveMany);
    const { emit } = this.#run;
    if (emit !== undefined && !this.#run.isStopped) this.#run.metrics.transformed(batch, emit);
    return batch.rows;
  }

  /** Tries an item again, or gives up on it. */
  async #rescue(batch: Batch<E, T>, index: number, error: unknown): Promise<Transformed<T>> {
    if (batch.malformed?.has(index)) return await this.#leaveOut(batch, index);
    const item = batch.items[index]!;
    let result: Transformed<T> = skip;
    const work: Work<Transformed<T>> = {
      itemsOf: () => [item],
      call: () => this.#mapper.transform(item, this.#run.context),
      done: (_, mapped) => {
        result = mapped;
      },
      giveUp: (_, ...failure) => this.#giveUp(batch, index, ...failure),
      earlierAttempts: () => earlierAttempts(this.#run, [item]),
    };
    await recoveryOf(this.#run, batch, "transform", false, work).run([index], error);
    return result;
  }

  /** Gives up on an item that its source could not read: from here on it is what the source has of it. */
  async #leaveOut(batch: Batch<E, T>, index: number): Promise<typeof skip> {
    const { raw, cause } = batch.items[index] as MalformedItem;
    (batch.items as unknown[])[index] = raw;
    await this.#giveUp(batch, index, cause, 1, [cause], "extract");
    return skip;
  }

  async #giveUp(
    batch: Batch<E, T>,
    index: number,
    error: unknown,
    attempts: number,
    errors: readonly unknown[],
    stage: GivenUp["stage"] = "transform",
  ): Promise<void> {
    if (!await giveUp(this.#run, batch, index, { error, stage, attempts }, errors)) return;
    (batch.givenUp ??= []).push(index);
    if (this.#run.isStopped) this.#keepGivenUp(batch, [index]); // A run that is stopped does not come back to it.
  }

  /**
   * Keeps that items of a batch were given up on, as it may never come to its load. Once for them all,
   * as thousands of separate ranges make each checkpoint long. A source is told together with the others.
   */
  #keepGivenUp(batch: Batch<E, T>, givenUp: readonly number[]): void {
    const { checkpointWriter } = this.#run;
    if (givenUp.length === 0 || isTold(this.#run)) return;
    const counts = { loaded: 0, skipped: 0, deadLettered: givenUp.length };
    checkpointWriter?.finish(rangesFor(this.#run, batch, givenUp), counts);
  }

  #mapBatch(batch: Batch<E, T>): Mapped<T> | Promise<Mapped<T>> {
    const { items } = batch;
    if (batch.malformed !== undefined) return this.#recover(batch);
    if (this.#run.isPlain) return this.#fill(batch, this.#callBatch(items.slice()));
    try {
      const rows = this.#callBatch(items.slice());
      if (!isThenable(rows)) return this.#take(batch, rows);
      return Promise.resolve(rows)
        .then((all) => this.#take(batch, all), (error) => this.#recover(batch, error));
    } catch (error) {
      return this.#recover(batch, error);
    }
  }

  #callBatch(items: E[]): Results<T> | Promise<Results<T>> {
    const { pipeline, context, settings, onAbandoned } = this.#run;
    const { attemptTimeout } = settings.retry.transform;
    const size = items.length; // It may empty it.
    const map = (signal: AbortSignal) => pipeline.transformBatch!(items, { ...context, signal });
    const rows = attemptTimeout === Infinity
      ? pipeline.transformBatch!(items, context)
      : withDeadline(map, attemptTimeout, context.signal, onAbandoned);
    const check = (all: TransformedBatch<T>) => batchResults(pipeline.name, all, size);
    return isThenable(rows) ? Promise.resolve(rows).then(check) : check(rows);
  }

  /** Maps a batch again after an error, in parts where it has to be; or those of its items that are sound. */
  async #recover(batch: Batch<E, T>, ...errors: readonly unknown[]): Promise<Mapped<T>> {
    const { items, malformed } = batch;
    for (const index of malformed ?? []) {
      if (!this.#run.isStopped) await this.#leaveOut(batch, index);
    }
    const sound = [...items.keys()].filter((index) => !malformed?.has(index));
    const results = new Array<Transformed<T>>(items.length).fill(skip);
    const work: Work<Results<T>> = {
      itemsOf: (members) => members.map((member) => items[member]!),
      call: (members) => this.#callBatch(members.map((member) => items[member]!)),
      done: (members, given) => members.forEach((member, index) => results[member] = given[index]!),
      giveUp: (member, ...failure) => this.#giveUp(batch, member, ...failure),
      earlierAttempts: (members) => earlierAttempts(this.#run, work.itemsOf(members) as E[]),
    };
    await recoveryOf(this.#run, batch, "transform", true, work).run(sound, ...errors);
    return this.#take(batch, results);
  }
}

function mapperOf<E, T>(
  { pipeline, settings, counts, onAbandoned }: RunContext<E, T>,
): ItemMapper<E, T> {
  const { stallTimeout, retry: { transform: { attemptTimeout } } } = settings;
  const asItIs = { transform: (item: unknown) => item };
  const own = (pipeline.transform === undefined ? asItIs : pipeline) as ItemMapper<E, T>;
  const mapper: ItemMapper<E, T> = attemptTimeout === Infinity ? own : {
    transform(item, context) {
      const map = (signal: AbortSignal) => own.transform(item, { ...context, signal });
      return withDeadline(map, attemptTimeout, context.signal, onAbandoned);
    },
  };
  if (stallTimeout === Infinity) return mapper;
  // A large batch may take long although it moves on, which is no stall.
  return {
    transform: (item, context) => (counts.transformCalls++, mapper.transform(item, context)),
  };
}

/** Maps the items that their source could read; a call for another one fails. */
function ofSound<E, T>(mapper: ItemMapper<E, T>): ItemMapper<E, T> {
  return {
    transform(item, context) {
      if (isMalformed(item)) throw item;
      return mapper.transform(item, context);
    },
  };
}
