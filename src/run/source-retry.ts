import { advance, blankCheckpoint, type Checkpoint } from "../checkpoints/checkpoint.ts";
import { withError, withThrown } from "../retry/attempt-errors.ts";
import { delayAfter, isRetriable } from "../retry/retry.ts";
import { isHopeless } from "../retry/store-call.ts";
import { sleep } from "../runtime/deadline.ts";
import { isMalformed } from "../streams/malformed-mark.ts";
import { positionFor } from "./batch-ranges.ts";
import type { Failure } from "./failures.ts";
import type { RunContext } from "./run-context.ts";

/** Decides whether the source of a run is opened again, and what it then is to give. */
export class SourceRetry<E, T> {
  readonly #run: RunContext<E, T>;
  readonly #stop = new AbortController();
  #extracted = 0; // Items at the last failure.
  #errors: readonly unknown[] = []; // Since more was read than before.
  #attempts = 0;
  #last: { readonly item: E } | undefined; // Of what is in batches, the last one that could be read.
  #after = 0; // Items after it that could not.

  /** Makes it for a run whose source was not asked for yet. */
  constructor(run: RunContext<E, T>) {
    this.#run = run;
  }

  /** There is no further attempt, and no wait for one. */
  stop(): void {
    this.#stop.abort();
  }

  /** Takes the error of an attempt, after so many items: the failure of all of them. */
  failure(error: unknown, extracted: number): Failure {
    if (extracted > this.#extracted) [this.#attempts, this.#errors] = [0, []];
    this.#extracted = extracted;
    this.#errors = withError(this.#errors, error);
    return { stage: "extract", errors: this.#errors, attempts: ++this.#attempts };
  }

  /** Waits for the next attempt; gives the failure at once, or after the wait, where there is none. */
  async next(failure: Failure): Promise<Failure | undefined> {
    const { settings: { retry: { extract } }, counts, emit } = this.#run;
    const { signal } = this.#stop;
    const { errors, attempts: attempt } = failure;
    const error = errors.at(-1);
    try {
      const isFinal = signal.aborted || isHopeless(error) || !isRetriable(error, attempt, extract);
      if (isFinal) return failure;
    } catch (thrown) {
      return { ...failure, errors: withThrown(errors, thrown) };
    }
    const delay = delayAfter(attempt, error, extract);
    counts.retries++;
    emit?.({ type: "source:retry", extracted: this.#extracted, attempt, delay, error });
    await sleep(delay, signal);
    return signal.aborted ? failure : undefined;
  }

  /** Takes what goes into a batch. */
  take(items: readonly E[]): void {
    let index = items.length - 1;
    while (index >= 0 && isMalformed(items[index])) index--;
    this.#after = items.length - 1 - index + (index < 0 ? this.#after : 0);
    if (index >= 0) this.#last = { item: items[index]! };
  }

  /**
   * Checkpoint of all items read, as if they were finished. The last ones may be in no batch yet:
   * `gathered`. Throws where no position is known.
   */
  checkpoint(gathered: readonly E[], end: number): Checkpoint {
    const { settings: { position }, context: { checkpoint: found = blankCheckpoint } } = this.#run;
    if (position === undefined) return advance(found, [[0, end]]);
    const [last, after] = [this.#last, this.#after];
    this.take(gathered);
    const from = end - this.#after;
    const placed = this.#last;
    const read = placed && advance(found, [[0, from, positionFor(this.#run, placed.item)]]);
    const all = advance(read ?? found, [[from, end, null]]);
    [this.#last, this.#after] = [last, after]; // They are still to be put into a batch.
    return all;
  }
}
