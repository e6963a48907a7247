import { isThenable } from "../thenable.ts";
import { type skip, withoutSkips } from "./skip.ts";

/** What stops the mapping of a batch, and who is told when a call fails. */
export interface Stop {
  /** No further call may begin. */
  readonly isStopped: boolean;
  /** Takes the error of a call; it then also stops the others. */
  fail(error: unknown): void;
}

/** Gives the result of an item, or a promise of it. */
type MapItem<I, O> = (item: I) => O | typeof skip | PromiseLike<O | typeof skip>;

/**
 * Maps the items of a batch in their order, leaving out those that give `skip`. As long as `map`
 * gives no promise this is a plain loop; from the first one on, `concurrency` calls are in flight.
 * Gives `undefined` if a call failed, once none is running.
 */
export function mapItems<I, O>(
  items: readonly I[],
  map: MapItem<I, O>,
  concurrency: number,
  stop: Stop,
): O[] | undefined | Promise<O[] | undefined> {
  const results: (O | typeof skip)[] = new Array(items.length);
  try {
    for (let index = 0; index < items.length; index++) {
      if (stop.isStopped) return undefined;
      const result = map(items[index]!);
      if (isThenable(result)) {
        return mapRest(items, index, result, results, map, concurrency, stop);
      }
      results[index] = result;
    }
    return withoutSkips(results);
  } catch (error) {
    stop.fail(error);
    return undefined;
  }
}

/** Goes on where the call for `items[from]` has given a promise. */
async function mapRest<I, O>(
  items: readonly I[],
  from: number,
  first: PromiseLike<O | typeof skip>,
  results: (O | typeof skip)[],
  map: MapItem<I, O>,
  concurrency: number,
  stop: Stop,
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
