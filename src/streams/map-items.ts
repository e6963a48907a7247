import { nextMacrotask } from "../macrotask.ts";
import { isThenable } from "../thenable.ts";
import { type skip, withoutSkips } from "./skip.ts";

/** What stops the mapping of a batch, and who is told when a call fails. */
export interface Stop {
  /** No further call may begin. */
  readonly isStopped: boolean;
  /** Counts calls, and tells whether everything else should have a turn before the next one. */
  isPauseDue(calls: number): boolean;
  /** Takes the error of a call; it then also stops the others. */
  fail(error: unknown): void;
}

/** Gives the result of an item, or a promise of it. */
type MapItem<I, O> = (item: I) => O | typeof skip | PromiseLike<O | typeof skip>;

/** A batch that is being mapped. */
interface Job<I, O> {
  readonly items: readonly I[];
  readonly map: MapItem<I, O>;
  readonly concurrency: number;
  readonly stop: Stop;
  readonly results: (O | typeof skip)[];
}

/**
 * Maps the items of a batch in their order, leaving out those that give `skip`. As long as `map`
 * gives no promise this is a plain loop, with a pause where it takes long; from the first one on,
 * `concurrency` calls are in flight. Gives `undefined` if a call failed, once none is running.
 */
export function mapItems<I, O>(
  items: readonly I[],
  map: MapItem<I, O>,
  concurrency: number,
  stop: Stop,
): O[] | undefined | Promise<O[] | undefined> {
  return mapFrom({ items, map, concurrency, stop, results: new Array(items.length) }, 0);
}

function mapFrom<I, O>(job: Job<I, O>, from: number): O[] | undefined | Promise<O[] | undefined> {
  const { items, map, stop, results } = job;
  try {
    for (let index = from; index < items.length; index++) {
      if (stop.isStopped) return undefined;
      const result = map(items[index]!);
      if (isThenable(result)) return mapRest(job, index, result);
      results[index] = result;
      if ((index & 15) === 15 && stop.isPauseDue(16)) return mapLater(job, index + 1);
    }
    return withoutSkips(results);
  } catch (error) {
    stop.fail(error);
    return undefined;
  }
}

/** Of its own, as a closure over the index of a loop costs something for each of its turns. */
async function mapLater<I, O>(job: Job<I, O>, from: number): Promise<O[] | undefined> {
  await nextMacrotask();
  return mapFrom(job, from);
}

/** Goes on where the call for `items[from]` has given a promise. */
async function mapRest<I, O>(
  { items, map, concurrency, stop, results }: Job<I, O>,
  from: number,
  first: PromiseLike<O | typeof skip>,
): Promise<O[] | undefined> {
  let next = from + 1;
  let hasFailed = false;
  const fail = (error: unknown) => {
    hasFailed = true;
    stop.fail(error);
  };
  const hasNext = () => next < items.length && !hasFailed && !stop.isStopped;
  /** Waits for one call after the other. */
  const lane = async (index: number, result: ReturnType<typeof map>): Promise<void> => {
    try {
      for (;;) {
        results[index] = isThenable(result) ? await result : result;
        if (!hasNext()) return;
        index = next++;
        result = map(items[index]!);
      }
    } catch (error) {
      fail(error);
    }
  };
  const lanes = [lane(from, first)];
  while (lanes.length < concurrency && hasNext()) {
    const index = next++;
    try {
      lanes.push(lane(index, map(items[index]!)));
    } catch (error) {
      fail(error);
    }
  }
  await Promise.all(lanes); // A lane never rejects.
  return hasFailed || stop.isStopped ? undefined : withoutSkips(results);
}
