import { isOf } from "../errors.ts";
import { ITEMS_WITHOUT_LOOK, nextMacrotask, type Yielder } from "../runtime/macrotask.ts";
import { Exhausted } from "../retry/recovery.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Many } from "./many.ts";
import { isMany } from "./many-mark.ts";
import type { skip } from "./skip.ts";

/** Signal that stops the mapping of a batch, and the listener of a failed call. */
export interface Stop<B> {
  /** No further call may begin. */
  readonly isStopped: boolean;
  /** Counts calls, and tells when everything else should have a turn. */
  readonly pace: Yielder;
  /** Set where a call has given a promise. */
  isAsync: boolean;
  /** Set where a call has given several rows, not a promise of them. */
  hasMany: boolean;
  /** Takes the error of a call for a batch; it then also stops the others. */
  fail(error: unknown, batch: B): void;
}

/** The result of an item, no output, or several rows. */
type Result<O> = O | typeof skip | Many<O>;

/** Maps an item: a method, as a closure around the user's function would be one call more. */
export interface Mapper<I, O, C> {
  /** Gives the result of an item, or a promise of it. */
  transform(item: I, context: C): Result<O> | PromiseLike<Result<O>>;
}

/** Gives another result for an item whose call has failed; rejects if there is none. */
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
 * Maps the items of a batch in their order; the result of one may be `skip`. As long as there is
 * no promise this is a plain loop, with a pause where it takes long; from the first one on,
 * `concurrency` calls are in flight. A call that fails is rescued, where there is a `rescue`;
 * otherwise it gives `undefined`, once none is running.
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
        // A number is not asked, which takes JavaScriptCore 20 ns each time.
        if (
          typeof result !== "number" &&
          (result as Partial<PromiseLike<O>> | null | undefined)?.then !== undefined
        ) {
          if (isThenable(result)) {
            stop.pace.count(index - begin);
            stop.isAsync = true;
            return mapRest(job, index, result);
          }
          if (isMany(result)) stop.hasMany = true; // Nobody else pays for it.
        }
        results[index] = result as Result<O>;
      }
      if (end === items.length) {
        stop.pace.count(end - begin); // While there is a source, whoever reads it pauses here.
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

/** A separate function, as a closure over the index of a loop costs something for each of its turns. */
async function mapLater<I, O, C, B extends Items<I>>(
  job: Job<I, O, C, B>,
  from: number,
): Promise<Result<O>[] | undefined> {
  await nextMacrotask();
  return mapFrom(job, from);
}

/** Goes on where the call for `items[from]` has given a promise, or has failed. */
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
  /** Waits for one call after the other. */
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
      result = Promise.reject(error); // Its lane takes it at once.
    }
    lanes.push(lane(index, result));
  }
  await Promise.all(lanes); // A lane never rejects.
  return hasFailed || stop.isStopped ? undefined : results;
}
