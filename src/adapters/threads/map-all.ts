import { isThenable } from "../../runtime/thenable.ts";
import type { ThreadFunction } from "./options.ts";

/** Receiver of the outcome of each item. */
export interface Outcome {
  /** Takes the result of an item. */
  put(index: number, result: unknown): void;
  /** Takes the error of an item. */
  fail(index: number, error: unknown): void;
  /** Called after each item; a promise is awaited before the next one. */
  next?(): Promise<void> | undefined;
  /** True if no further item is wanted. */
  readonly isOver?: boolean;
}

const CONCURRENCY = 16; // Calls in flight where they give promises, as in a run.

/**
 * Calls a function for each item. As long as nothing gives a promise this is a plain loop, which is
 * what work for a processor needs: a hop of the queue of promises for each item costs more than some
 * functions do. Once the outcome is over it begins no further call, and settles when none is running.
 */
export function mapAll(
  fn: ThreadFunction,
  items: readonly unknown[],
  outcome: Outcome,
): Promise<void> | undefined {
  for (let index = 0; index < items.length && !outcome.isOver; index++) {
    try {
      const result = fn(items[index]);
      if (isThenable(result)) return mapRest(fn, items, outcome, index, result);
      outcome.put(index, result);
    } catch (error) {
      outcome.fail(index, error);
    }
    const pause = outcome.next?.();
    if (pause !== undefined) return pause.then(() => mapRest(fn, items, outcome, index + 1));
  }
  return undefined;
}

async function mapRest(
  fn: ThreadFunction,
  items: readonly unknown[],
  outcome: Outcome,
  from: number,
  first?: PromiseLike<unknown>,
): Promise<void> {
  let next = from;
  const lane = async (given?: PromiseLike<unknown>) => {
    const isWanted = () => next < items.length && !outcome.isOver;
    for (let result = given; result !== undefined || isWanted(); result = undefined) {
      const index = next++;
      try {
        outcome.put(index, await (result ?? fn(items[index])));
      } catch (error) {
        outcome.fail(index, error);
      }
      const pause = outcome.next?.();
      if (pause !== undefined) await pause;
    }
  };
  const lanes = [lane(first)];
  while (lanes.length < CONCURRENCY && next < items.length) lanes.push(lane());
  await Promise.all(lanes);
}
