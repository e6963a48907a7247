import type { JobStore } from "../../jobs/job-store.ts";
import {
  anyObject,
  callable,
  checkOptions,
  fail,
  nonEmptyString,
  type OptionTable,
  type Rule,
} from "../../options.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

/** One pipeline over many partitions, by many workers. */
export interface Job<P, E, T = E> {
  /** The name of the pipeline of each partition. */
  readonly name: string;
  /**
   * Yields all partitions, as values that JSON can hold. If the coordinator is killed, the next one
   * splits again, so the result must be the same each time.
   */
  split(context: { readonly signal: AbortSignal }): Iterable<P> | AsyncIterable<P>;
  /** Returns the id of a partition: unique, and the same every time. */
  id(partition: P): string;
  /** Returns the pipeline of a partition: an object literal, whose name is that of the job. */
  pipeline(partition: P): Omit<Pipeline<E, T>, "name">;
}

const jobMembers: OptionTable<Job<unknown, unknown>> = {
  name: [nonEmptyString],
  split: [callable],
  id: [callable],
  pipeline: [callable],
};

/**
 * Checks the members of a job, those that are `needed` and any other that is given, and that there is a
 * store.
 * @throws {ConfigurationError} If one breaks its rule.
 */
export function checkJob(
  action: string,
  job: Job<never, never, never>,
  needed: readonly (keyof Job<unknown, unknown>)[],
  options: { readonly store: JobStore },
): void {
  const { name, split, id, pipeline } = Object(job) as Job<unknown, unknown>;
  const members = checkOptions(action, { name, split, id, pipeline }, jobMembers);
  for (const member of needed) { // None has a default.
    if (members[member] === undefined) {
      fail(action, member, jobMembers[member][0].expected, undefined);
    }
  }
  const { store } = Object(options) as { store?: JobStore };
  if (store === undefined) fail(action, "store", jobStore.expected, store);
}

const methods = ["add", "seal", "read", "cancel", "take", "watch", "results"] as const;

/** The rule of a store. */
export const jobStore: Rule = {
  expected: `a JobStore, with ${methods.map((name) => `'${name}'`).join(", ")}`,
  test: (value) =>
    anyObject.test(value) && methods.every((name) => callable.test((value as JobStore)[name])),
};
