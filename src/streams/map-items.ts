import { isThenable } from "../thenable.ts";
import { skip } from "./skip.ts";

/** What stops the mapping of a batch, and who is told when a call fails. */
export interface Stop {
  /** No further call may begin. */
  readonly isStopped: boolean;
  /** Takes the error of a call; it then also stops the others. */
  fail(error: unknown): void;
}

/**
 * Maps the items of a batch in their order, leaving out those that give `skip`. As long as `map`
 * gives no promise this is a plain loop; from the first one on, `concurrency` calls are in flight.
 * Gives `undefined` if a call failed, once none is running.
 */
export function mapItems<I, O>(
  items: readonly I[],
  map: (item: I) => O | typeof skip | PromiseLike<O | typeof skip>,
  concurrency: number,
  stop: Stop,
): O[] | undefined | Promise<O[] | undefined> {
  const rows: O[] = [];
  try {
    for (let index = 0; index < items.length; index++) {
      if (stop.isStopped) return undefined;
      const row = map(items[index]!);
      if (isThenable(row)) return mapRest(items, index, row, rows, map, concurrency, stop);
      if (row !== skip) rows.push(row);
    }
    return rows;
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
  rows: O[],
  map: (item: I) => O | typeof skip | PromiseLike<O | typeof skip>,
  concurrency: number,
  stop: Stop,
): Promise<O[] | undefined> {
  const results: (O | typeof skip)[] = new Array(items.length - from);
  let next = from + 1;
  let hasFailed = false;
  const lane = async (
    index: number,
    result: O | typeof skip | PromiseLike<O | typeof skip>,
  ): Promise<void> => {
    try {
      for (;;) {
        results[index - from] = isThenable(result) ? await result : result;
        if (next >= items.length || stop.isStopped) return;
        index = next++;
        result = map(items[index]!);
      }
    } catch (error) {
      hasFailed = true;
      stop.fail(error);
    }
  };
  const lanes = [lane(from, first)];
  while (lanes.length < concurrency && next < items.length && !stop.isStopped) {
    lanes.push(startLane(next++));
  }
  await Promise.all(lanes); // A lane never rejects.
  if (hasFailed || stop.isStopped) return undefined;
  for (const row of results) if (row !== skip) rows.push(row);
  return rows;

  function startLane(index: number): Promise<void> {
    try {
      return lane(index, map(items[index]!));
    } catch (error) {
      hasFailed = true;
      stop.fail(error);
      return Promise.resolve();
    }
  }
}
