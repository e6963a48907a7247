import { refuse } from "../options.ts";
import { withDeadline } from "../resilience/deadline.ts";
import { type Members, Recovery, type Work } from "../resilience/recovery.ts";
import { mapItems, type Stop } from "../streams/map-items.ts";
import { skip, withoutSkips } from "../streams/skip.ts";
import { isThenable } from "../thenable.ts";
import { type Batch, giveUp, listenerOf, policyOf, rangesFor, type Station } from "./station.ts";

/** What a transform gives for an item. */
type Result<T> = T | typeof skip;

/** Gives the result of an item, or a promise of it. */
type MapItem<E, T> = (item: E) => Result<T> | PromiseLike<Result<T>>;

/** What a transform gives for a batch. */
type Results<T> = readonly Result<T>[];

/** Maps the items of the batches of a run: each on its own, or those of a batch in one call. */
export class BatchMap<E, T> {
  readonly #station: Station<E, T>;
  readonly #isPlain: boolean; // What fails fails the run.
  readonly #callItem: MapItem<E, T>;

  /** Makes the map of a run; nothing begins before `run`. */
  constructor(station: Station<E, T>, isPlain: boolean) {
    const { pipeline, context, settings, onLeft } = station;
    const { attemptTimeout } = settings.retry.transform;
    this.#station = station;
    this.#isPlain = isPlain;
    const callItem: MapItem<E, T> = attemptTimeout === Infinity
      ? (item) => pipeline.transform!(item, context)
      : (item) => {
        const map = (signal: AbortSignal) => pipeline.transform!(item, { ...context, signal });
        return withDeadline(map, attemptTimeout, context.signal, onLeft);
      };
    // A large batch may take long although it moves on, which is no stall.
    this.#callItem = settings.stallTimeout === Infinity
      ? callItem
      : (item) => (station.counts.calls++, callItem(item));
  }

  /** Fills the rows of a batch; tells whether it could. */
  run(batch: Batch<E, T>, stop: Stop): boolean | Promise<boolean> {
    if (this.#station.pipeline.transformBatch !== undefined) return this.#mapBatch(batch);
    const { concurrency } = this.#station.settings;
    const rescue = this.#isPlain
      ? undefined
      : (index: number, error: unknown) => this.#rescue(batch, index, error);
    const results = mapItems(batch.items, this.#callItem, concurrency, stop, rescue);
    return this.#fill(batch, results);
  }

  #fill(
    batch: Batch<E, T>,
    results: Results<T> | undefined | PromiseLike<Results<T> | undefined>,
  ): boolean | Promise<boolean> {
    if (isThenable(results)) return Promise.resolve(results).then((all) => fillRows(batch, all));
    return fillRows(batch, results);
  }

  /** Tries an item again, or gives up on it. */
  async #rescue(batch: Batch<E, T>, index: number, error: unknown): Promise<Result<T>> {
    const station = this.#station;
    const item = batch.items[index]!;
    let result: Result<T> = skip;
    const work: Work<Result<T>> = {
      itemsOf: () => [item],
      call: () => this.#callItem(item),
      done: (_, mapped) => void (result = mapped),
      giveUp: (_, error, attempts) => this.#giveUp(batch, index, error, attempts),
    };
    const policy = policyOf(station, "transform", false);
    await new Recovery(work, policy, listenerOf(station, batch, "transform")).run([index], error);
    return result;
  }

  async #giveUp(
    batch: Batch<E, T>,
    index: number,
    error: unknown,
    attempts: number,
  ): Promise<void> {
    await giveUp(this.#station, batch, index, { error, stage: "transform", attempts });
    batch.lost.push(index);
    const { keeper, pipeline } = this.#station;
    // At once, as the batch may never come to its load; a source is told together with the others.
    if (pipeline.acknowledge === undefined) {
      keeper?.finish(rangesFor(this.#station, batch, [index]));
    }
  }

  #mapBatch(batch: Batch<E, T>): boolean | Promise<boolean> {
    const { items } = batch;
    if (this.#isPlain) return this.#fill(batch, this.#callBatch(items.slice()));
    try {
      const rows = this.#callBatch(items.slice()); // It may empty it.
      if (!isThenable(rows)) return fillRows(batch, rows);
      return Promise.resolve(rows)
        .then((all) => fillRows(batch, all), (error) => this.#recover(batch, error));
    } catch (error) {
      return this.#recover(batch, error);
    }
  }

  #callBatch(items: E[]): Results<T> | Promise<Results<T>> {
    const { pipeline, context, settings, onLeft } = this.#station;
    const { attemptTimeout } = settings.retry.transform;
    const map = (signal: AbortSignal) => pipeline.transformBatch!(items, { ...context, signal });
    const rows = attemptTimeout === Infinity
      ? pipeline.transformBatch!(items, context)
      : withDeadline(map, attemptTimeout, context.signal, onLeft);
    const check = (all: Results<T>) => checkRows(pipeline.name, all);
    return isThenable(rows) ? Promise.resolve(rows).then(check) : check(rows);
  }

  /** Maps a batch again, in parts where it has to be. */
  async #recover(batch: Batch<E, T>, error: unknown): Promise<boolean> {
    const { items } = batch;
    const station = this.#station;
    const parts: { readonly members: Members; readonly rows: Results<T> }[] = [];
    const work: Work<Results<T>> = {
      itemsOf: (members) => members.map((member) => items[member]!),
      call: (members) => this.#callBatch(members.map((member) => items[member]!)),
      done: (members, rows) => void parts.push({ members, rows }),
      giveUp: (member, error, attempts) => this.#giveUp(batch, member, error, attempts),
    };
    const policy = policyOf(station, "transform", true);
    await new Recovery(work, policy, listenerOf(station, batch, "transform")).run(
      [...items.keys()],
      error,
    );
    if (parts.some(({ members, rows }) => members.length !== rows.length)) {
      batch.rows = parts.flatMap(({ rows }) => withoutSkips(rows));
      batch.isDivisible = false;
      return true;
    }
    const results = new Array<Result<T>>(items.length).fill(skip);
    for (const { members, rows } of parts) {
      members.forEach((member, place) => results[member] = rows[place]!);
    }
    return fillRows(batch, results);
  }
}

/** Takes the results of all items, or of none. */
function fillRows<E, T>(batch: Batch<E, T>, results: Results<T> | undefined): boolean {
  if (results === undefined) return false;
  batch.rows = withoutSkips(results);
  batch.results = results;
  batch.isDivisible = results.length === batch.items.length;
  return true;
}

function checkRows<T>(name: string, rows: Results<T>): Results<T> {
  if (Array.isArray(rows)) return rows;
  const rule = "a function that gives an array";
  return refuse(`run pipeline "${name}"`, "transformBatch", rule, rows);
}
