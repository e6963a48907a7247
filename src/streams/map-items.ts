import { isOf } from "../errors.ts";
import { ITEMS_WITHOUT_LOOK, nextMacrotask, type Yielder } from "../runtime/macrotask.ts";
import { Exhausted } from "../retry/recovery.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Many } from "./many.ts";
import { isMany } from "./many-mark.ts";
import type { skip } from "./skip.ts";

/** State that stops the mapping of a batch, and the listener of a failed call. */
export interface Stop<B> {
  /** True if no further call may begin. */
  readonly isStopped: boolean;
  /** Counts calls and decides when other work should get a turn. */
  readonly pace: Yielder;
  /** Set once a call has returned a promise. */
  isAsync: boolean;
  /** Set once a call has returned several rows directly, not as a promise. */
  hasMany: boolean;
  /** Reports the error of a call for a batch; it also stops the other calls. */
  fail(error: unknown, batch: B): void;
}

/** Result of an item: a row, none, or several. */
type Result<O> = O | typeof skip | Many<O>;

/** Maps an item. It is a method, as a closure around the user's function would add a call. */
export interface Mapper<I, O, C> {
  /** Returns the result of an item, or a promise of it. */
  transform(item: I, context: C): Result<O> | PromiseLike<Result<O>>;
}

/** Resolves with another result for an item whose call has failed; rejects if there is none. */
export type Rescue<O> = (index: number, error: unknown) => Promise<Result<O>>;

/** Items to map. */
interface Items<I> {
  readonly items: readonly I[];
}

/** A batch that is being mapped. */
interface Job<I, O, C, B extends Items<I>> {
  readonly batch: B;
  readonly mapper: Mapper<I, O, C>;
  readonly context: C;
  readonly concurrency: number;
  readonly stop: Stop<B>;
  readonly rescue: Rescue<O> | undefined;
  readonly results: Result<O>[];
}

/**
 * Maps the items of a batch in order; a result may be `skip`. Without promises this is a plain loop, which
 * pauses if it takes long. From the first promise on, `concurrency` calls are in flight. A failed call is
 * rescued, if there is a `rescue`; otherwise the result is `undefined`, once no call is running.
 */
export function mapItems<I, O, C, B extends Items<I>>(
  batch: B,
  mapper: Mapper<I, O, C>,
  context: C,
  concurrency: number,
  stop: Stop<B>,
  rescue?: Rescue<O>,
): Result<O>[] | undefined | Promise<Result<O>[] | undefined> {
  const results = new Array<Result<O>>(batch.items.length);
  return mapFrom({ batch, mapper, context, concurrency, stop, rescue, results }, 0);
}

function mapFrom<I, O, C, B extends Items<I>>(
  job: Job<I, O, C, B>,
  from: number,
): Result<O>[] | undefined | Promise<Result<O>[] | undefined> {
  const { batch, batch: { items }, mapper, context, stop, rescue, results } = job;
  let index = from;
  try {
    for (;;) {
      const begin = index;
      const end = Math.min(items.length, begin + Math.max(stop.pace.step, ITEMS_WITHOUT_LOOK));
      for (; index < end; index++) {
        if (stop.isStopped) return undefined;
        const result = mapper.transform(items[index]!, context);
        // Numbers are not checked, which takes JavaScriptCore 20 ns each time.
        if (
          typeof result !== "number" &&
          (result as Partial<PromiseLike<O>> | null | undefined)?.then !== undefined
        ) {
          if (isThenable(result)) {
            stop.pace.count(index - begin);
            stop.isAsync = true;
            return mapRest(job, index, result);
          }
          if (isMany(result)) stop.hasMany = true; // Only such results cost anything.
        }
        results[index] = result as Result<O>;
      }
      if (end === items.length) {
        stop.pace.count(end - begin); // While there is a source, its reader pauses here.
        return results;
      }
      if (stop.pace.isDue(end - begin)) return mapLater(job, index);
    }
  } catch (error) {
    if (rescue !== undefined) return mapRest(job, index, rescue(index, error));
    stop.fail(error, batch);
    return undefined;
  }
}

/**
 * Maps one item later. It is a separate function, as a closure over a loop index costs time on each
 * iteration.
 */
async function mapLater<I, O, C, B extends Items<I>>(
  job: Job<I, O, C, B>,
  from: number,
): Promise<Result<O>[] | undefined> {
  await nextMacrotask();
  return mapFrom(job, from);
}

/** Continues from `items[from]`, whose call has returned a promise or has failed. */
async function mapRest<I, O, C, B extends Items<I>>(
  { batch, mapper, context, concurrency, stop, rescue, results }: Job<I, O, C, B>,
  from: number,
  first: PromiseLike<Result<O>>,
): Promise<Result<O>[] | undefined> {
  const { items } = batch;
  let next = from + 1;
  let hasFailed = false;
  const map = (item: I) => mapper.transform(item, context);
  const hasNext = () => next < items.length && !hasFailed && !stop.isStopped;
  /** Awaits one call after the other. */
  const lane = async (index: number, result: ReturnType<typeof map>): Promise<void> => {
    for (;;) {
      try {
        for (;;) {
          if (isThenable(result)) results[index] = await result;
          else {
            results[index] = result;
            if (stop.pace.isDue()) await nextMacrotask();
          }
          if (!hasNext()) return;
          index = next++;
          result = map(items[index]!);
        }
      } catch (error) {
        if (rescue === undefined || isOf(error, Exhausted)) {
          hasFailed = true;
          return stop.fail(error, batch);
        }
        result = rescue(index, error);
      }
    }
  };
  const lanes = [lane(from, first)];
  while (lanes.length < concurrency && hasNext()) {
    const index = next++;
    let result: ReturnType<typeof map>;
    try {
      result = map(items[index]!);
    } catch (error) {
      result = Promise.reject(error); // Its lane handles it at once.
    }
    lanes.push(lane(index, result));
  }
  await Promise.all(lanes); // A lane never rejects.
  return hasFailed || stop.isStopped ? undefined : results;
}
