import type { LoadContext } from "../../pipeline/pipeline.ts";
import type { Share } from "./branch.ts";
import { Lag } from "./lag.ts";
import { TakenRows } from "./taken-rows.ts";

/** Most batches of a run that are remembered, those included that were given up on. */
const maxBatches = 256;

/** State of a load with branches for one run. */
export class RunAtWork {
  readonly lag: Lag | undefined;
  readonly #batches = new Map<number, TakenRows>();

  /** Knows nothing yet; `most` is how many batches a branch may be ahead. */
  constructor(most: number) {
    this.lag = most === Infinity ? undefined : new Lag(most);
  }

  /**
   * Returns the state of the batch of a call; made for the first one. A batch that is forgotten, as
   * there are too many of them, is loaded again where it has failed.
   */
  of(
    { batch: { sequence } }: LoadContext,
    shares: readonly Share[],
  ): { readonly taken: TakenRows; readonly isFirst: boolean } {
    const batches = this.#batches;
    const known = batches.get(sequence);
    const taken = known ?? new TakenRows(shares);
    batches.delete(sequence); // The last one that was asked for is the last to be forgotten.
    batches.set(sequence, taken);
    if (batches.size > maxBatches) batches.delete(batches.keys().next().value!);
    return { taken, isFirst: known === undefined };
  }

  /** A batch is done. */
  forget({ batch: { sequence } }: LoadContext): void {
    this.#batches.delete(sequence);
  }
}

/** The runs that a load with branches is part of, each on its own. */
export class RunsAtWork {
  readonly #runs = new WeakMap<object, RunAtWork>();
  readonly #lag: number;

  /** Takes how many batches a branch may be ahead in each of them. */
  constructor(lag: number) {
    this.#lag = lag;
  }

  /** The run of a call. */
  of(context: LoadContext): RunAtWork {
    const key = context.wrote ?? context; // What a run tells its loads by is its own, and ends with it.
    const run = this.#runs.get(key) ?? new RunAtWork(this.#lag);
    this.#runs.set(key, run);
    return run;
  }
}
