import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";

/** A dead letter of an item, which has failed to be transformed. */
export function letterOf<E>(item: E, more: Partial<DeadLetter<E>> = {}): DeadLetter<E> {
  return {
    ...{ item, error: new Error(`no ${item}`), stage: "transform", attempts: 1 },
    ...{ pipeline: "letters", runId: "run-1", offset: 0, at: 1_700_000_000_000 },
    ...more,
  };
}
