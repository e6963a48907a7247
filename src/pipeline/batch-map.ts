import { refuse } from "../options.ts";
import { withDeadline } from "../resilience/deadline.ts";
import { type Members, Recovery, type Work } from "../resilience/recovery.ts";
import { mapItems, type Stop } from "../streams/map-items.ts";
import { skip, withoutSkips } from "../streams/skip.ts";
import { isThenable } from "../thenable.ts";
import { type Batch, giveUp, listenerOf, policyOf, type Station } from "./station.ts";

/** What a transform gives for an item. */
type Result<T> = T | typeof skip;

/** Maps the items of one batch: each on its own, or all in one call. */
export class BatchMap<E, T> {
  readonly #station: Station<E, T>;
  readonly #batch: Batch<E, T>;
  readonly #isPlain: boolean; // What fails fails the run.

  /** Makes the map of a batch; nothing begins before `run`. */
  constructor(station: Station<E, T>, batch: Batch<E, T>, isPlain: boolean) {
    this.#station = station;
    this.#batch = batch;
    this.#isPlain = isPlain;
  }

  /** Fills the rows of the batch; tells whether it could. */
  run(stop: Stop): boolean | Promise<boolean> {
    if (this.#station.pipeline.transformBatch !== undefined) return this.#mapBatch();
    const { items } = this.#batch;
    const { concurrency } = this.#station.settings;
    const rescue = this.#isPlain ? undefined : this.#rescue;
    const results = mapItems(items, this.#callOf(), concurrency, stop, rescue);
    return isThenable(results) ? Promise.resolve(results).then(this.#take) : this.#take(results);
  }

  #callOf(): (item: E) => Result<T> | PromiseLike<Result<T>> {
    const { pipeline, context, settings, onLeft } = this.#station;
    const { attemptTimeout } = settings.retry.transform;
    if (attemptTimeout === Infinity) return (item) => pipeline.transform!(item, context);
    return (item) => {
      const map = (signal: AbortSignal) => pipeline.transform!(item, { ...context, signal });
      return withDeadline(map, attemptTimeout, context.signal, onLeft);
    };
  }

  /** Takes the results of all items, or of none. */
  readonly #take = (results: readonly Result<T>[] | undefined): boolean => {
    if (results === undefined) return false;
    const batch = this.#batch;
    batch.rows = withoutSkips(results);
    batch.results = results;
    batch.isDivisible = results.length === batch.items.length;
    return true;
  };

  /** Tries an item again, or gives up on it. */
  readonly #rescue = async (index: number, error: unknown): Promise<Result<T>> => {
    const station = this.#station;
    const item = this.#batch.items[index]!;
    const call = this.#callOf();
    let result: Result<T> = skip;
    const work: Work<Result<T>> = {
      itemsOf: () => [item],
      call: () => call(item),
      done: (_, mapped) => void (result = mapped),
      giveUp: (_, error, attempts) => this.#giveUp(index, error, attempts),
    };
    const policy = policyOf(station, "transform", false);
    await new Recovery(work, policy, listenerOf(station)).run([index], error);
    return result;
  };

  async #giveUp(index: number, error: unknown, attempts: number): Promise<void> {
    await giveUp(this.#station, this.#batch, index, { error, stage: "transform", attempts });
    this.#batch.lost.push(index);
  }

  #mapBatch(): boolean | Promise<boolean> {
    const { items } = this.#batch;
    if (this.#isPlain) {
      const rows = this.#call(items as E[]);
      return isThenable(rows) ? Promise.resolve(rows).then(this.#take) : this.#take(rows);
    }
    let rows: readonly Result<T>[] | PromiseLike<readonly Result<T>[]>;
    try {
      rows = this.#call(items.slice()); // It may empty it.
      if (!isThenable(rows)) return this.#take(rows);
    } catch (error) {
      return this.#recover(error);
    }
    return Promise.resolve(rows).then(this.#take, (error) => this.#recover(error));
  }

  #call(items: E[]): readonly Result<T>[] | Promise<readonly Result<T>[]> {
    const { pipeline, context, settings, onLeft } = this.#station;
    const { attemptTimeout } = settings.retry.transform;
    const map = (signal: AbortSignal) =>
      pipeline.transformBatch!(items, signal === context.signal ? context : { ...context, signal });
    const rows = attemptTimeout === Infinity
      ? map(context.signal)
      : withDeadline(map, attemptTimeout, context.signal, onLeft);
    return isThenable(rows) ? Promise.resolve(rows).then(this.#check) : this.#check(rows);
  }

  readonly #check = (rows: readonly Result<T>[]): readonly Result<T>[] => {
    if (Array.isArray(rows)) return rows;
    const action = `run pipeline "${this.#station.pipeline.name}"`;
    return refuse(action, "transformBatch", "a function that gives an array", rows);
  };

  /** Maps the batch again, in parts where it has to be. */
  async #recover(error: unknown): Promise<boolean> {
    const { items } = this.#batch;
    const station = this.#station;
    const parts: { readonly members: Members; readonly rows: readonly Result<T>[] }[] = [];
    const work: Work<readonly Result<T>[]> = {
      itemsOf: (members) => members.map((member) => items[member]!),
      call: (members) => this.#call(members.map((member) => items[member]!)),
      done: (members, rows) => void parts.push({ members, rows }),
      giveUp: (member, error, attempts) => this.#giveUp(member, error, attempts),
    };
    const policy = policyOf(station, "transform", true);
    await new Recovery(work, policy, listenerOf(station)).run([...items.keys()], error);
    if (station.isStopped) return false;
    if (parts.some(({ members, rows }) => members.length !== rows.length)) {
      this.#batch.rows = parts.flatMap(({ rows }) => withoutSkips(rows));
      this.#batch.isDivisible = false;
      return true;
    }
    const results = new Array<Result<T>>(items.length).fill(skip);
    for (const { members, rows } of parts) {
      members.forEach((member, place) => results[member] = rows[place]!);
    }
    return this.#take(results);
  }
}
