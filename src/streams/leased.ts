import { callable, checkOptions, fail } from "../options.ts";
import type { Checkpoint, DoneRange, Guarantee } from "../report-types.ts";
import type { Chunks, RunTerms } from "./chunks.ts";
import { isMalformed } from "./malformed-mark.ts";
import { mapSource } from "./map-source.ts";
import { cancelSource, openSource, type Source, type SourceUse } from "./source.ts";

/** What a broker is told with. */
export interface LeaseContext {
  /** Aborts when the run waits no longer for the call; its own abort does not, as what is told is to arrive. */
  readonly signal: AbortSignal;
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** The run, told apart from all others. */
  readonly runId: string;
}

/** What a broker is told with of items by their place in the source. */
export interface LeasedItemsContext extends LeaseContext {
  /** The places of the items in the source, from 0. */
  readonly ranges: readonly DoneRange[];
}

/** How a broker is told what has become of the items that it has lent. */
export interface LeaseOptions<T> {
  /** Told of items that are finished for good: loaded, skipped, or their dead letter is kept. */
  readonly acknowledge: (items: readonly T[], context: LeasedItemsContext) => unknown;
  /**
   * Asked about items that are to blame for a failure, before a dead letter is written. `"returned"`
   * says that they were given back: the run counts them as `returned`, and goes on. After any other
   * answer they are still the run's: a dead letter is kept, and they are acknowledged; or there are no
   * dead letters, the run fails, and they are released.
   */
  readonly reject?:
    | ((items: readonly T[], error: unknown, context: LeasedItemsContext) => unknown)
    | undefined;
  /**
   * Told once, when the run ends, of all that is lent and was neither acknowledged nor returned: it is
   * not to blame, and is not done. Also of what the source has given in a chunk and nobody has read.
   */
  readonly release?: ((items: readonly T[], context: LeaseContext) => unknown) | undefined;
  /**
   * Which delivery of an item this is, as the broker counts them: the first is 1. The attempts of
   * a run count on from there, in its dead letters and against `maxAttempts`.
   */
  readonly attemptsOf?: ((item: T) => number) | undefined;
  /** Called once at the end of each run, after everything else: stops heartbeats, closes what is open. */
  readonly close?: (() => unknown) | undefined;
}

/** What a run has of a leased source; one for each run. */
export interface Lease<T> {
  /** Asks `reject` about an item; tells whether it was given back. Left out where there is no `reject`. */
  readonly reject:
    | ((item: T, error: unknown, context: LeasedItemsContext) => Promise<boolean>)
    | undefined;
  /** Refuses terms that the source cannot keep, and cancels it then. */
  checkTerms(
    action: string,
    terms: RunTerms,
    found: Checkpoint | undefined,
    replayable: boolean | undefined,
  ): Guarantee;
  /** Opens the source, of which each item counts as lent once it is read. */
  open(use: SourceUse): Source<T>;
  /** Tells the broker that items are finished. */
  acknowledge(items: readonly T[], context: LeasedItemsContext): unknown;
  /** How often an item was delivered before. */
  earlierAttempts(item: T): number;
  /** Gives back all that is lent. */
  release(context: LeaseContext): unknown;
  /** Ends it, once. */
  close(): unknown;
}

/** A source whose items are lent. Made by `leased`, for the `extract` of a pipeline. */
export class Leased<T> {
  /** What every copy of this package knows the class by. */
  static readonly millrace: string = "Leased";

  readonly #source: Source<T>;
  readonly #options: LeaseOptions<T>;

  /**
   * Joins a source to who is told of its items.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  constructor(source: Source<T>, options: LeaseOptions<T>) {
    const action = "lease source";
    this.#source = source;
    this.#options = checkOptions(action, options, {
      acknowledge: [callable],
      reject: [callable],
      release: [callable],
      attemptsOf: [callable],
      close: [callable],
    });
    if (options.acknowledge === undefined) {
      fail(action, "acknowledge", callable.expected, undefined);
    }
  }

  /** Begins what one run has of it. Called by the run. */
  lend(): Lease<T> {
    return new RunLease(this.#source, this.#options);
  }
}

class RunLease<T> implements Lease<T> {
  readonly reject: Lease<T>["reject"];
  readonly #source: Source<T>;
  readonly #options: LeaseOptions<T>;
  readonly #out = new Map<T, number>(); // How often each is lent: texts and numbers may be equal.
  readonly #over = new AbortController();
  #isClosed = false;

  constructor(source: Source<T>, options: LeaseOptions<T>) {
    this.#source = source;
    this.#options = options;
    const { reject } = options;
    this.reject = reject && (async (item, error, context) => {
      this.#count(item, -1); // A run that ends meanwhile is not to tell of it as well.
      let answer: unknown;
      try {
        answer = await reject.call(options, [item], error, this.#told(context));
      } finally {
        if (answer !== "returned") this.#count(item, 1);
      }
      return answer === "returned";
    });
  }

  checkTerms(
    action: string,
    terms: RunTerms,
    found: Checkpoint | undefined,
    replayable: boolean | undefined,
  ): Guarantee {
    try {
      checkReplayable(action, terms, replayable);
    } catch (error) {
      const cancel = async () => cancelSource(openSource([action, "extract"], this.#source), error);
      cancel().catch(() => {}); // One error is enough.
      throw error;
    }
    return (this.#source as Partial<Chunks<T>>).checkTerms?.(action, terms, found) ??
      "at-least-once";
  }

  open(use: SourceUse): Source<T> {
    const lend = (item: T) => {
      this.#count(isMalformed(item) ? item.raw as T : item, 1);
      return item;
    };
    return mapSource(this.#source, lend, use);
  }

  acknowledge(items: readonly T[], context: LeasedItemsContext): unknown {
    for (const item of items) this.#count(item, -1);
    return this.#options.acknowledge(items, this.#told(context));
  }

  earlierAttempts(item: T): number {
    return Math.max(0, (this.#options.attemptsOf?.(item) ?? 1) - 1) || 0; // It may give anything.
  }

  release(context: LeaseContext): unknown {
    const items = [...this.#out].flatMap(([item, count]) => new Array<T>(count).fill(item));
    this.#out.clear();
    return items.length === 0 ? undefined : this.#options.release?.(items, this.#told(context));
  }

  close(): unknown {
    if (this.#isClosed) return undefined;
    this.#isClosed = true;
    this.#over.abort();
    return this.#options.close?.();
  }

  #told<C extends LeaseContext>(context: C): C {
    return { ...context, signal: this.#over.signal };
  }

  #count(item: T, more: number): void {
    const count = (this.#out.get(item) ?? 0) + more;
    if (count > 0) this.#out.set(item, count);
    else this.#out.delete(item);
  }
}

/** Refuses what only a source that can be read again bears. */
function checkReplayable(
  action: string,
  { checkpoints, retry: { extract } }: RunTerms,
  replayable: boolean | undefined,
): void {
  if (extract.maxAttempts > 1) {
    const rule =
      "omitted if the source is leased, as its items are lent once (let the client of the " +
      "broker connect again)";
    fail(action, "retry.extract", rule, extract);
  }
  if (checkpoints === undefined || replayable === true) return;
  const rule =
    "omitted if the source is leased, as they count items by offset, and new items at the " +
    "offsets of finished ones would be dropped (a broker keeps what was not acknowledged; set " +
    "'replayable: true' on the pipeline if the source gives all items in the same order again, " +
    "acknowledged ones too)";
  fail(action, "checkpoints", rule, checkpoints);
}

/**
 * Joins a source to the broker that lends its items until it is told what has become of them: a queue,
 * a stream with acknowledgements. The `extract` of a pipeline returns it. Each item that the source
 * gives ends in one of three ways, once: it is acknowledged, given back by `reject`, or released when
 * the run ends.
 *
 * Nothing is acknowledged before its load has succeeded, so a run that is killed loses nothing: the
 * broker delivers again what it was not told of, at least once. `close` is called last, however the
 * run ends, and before `finalize`.
 *
 * Checkpoints are refused beside it, unless the pipeline is `replayable: true`. It can be read by a run
 * alone: to work on items before, give what does it as `source`, or use the pipeline's `transform`.
 *
 * @example A message that fails goes back, and comes again
 * ```ts
 * import { etl, leased } from "millrace";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const told: string[] = [];
 * const messages = [{ id: 1, text: "one" }, { id: 2, text: "" }, { id: 3, text: "three" }];
 * const queue = leased(messages, {
 *   acknowledge: (items) => void told.push(...items.map(({ id }) => `${id} done`)),
 *   reject: (items) => {
 *     told.push(...items.map(({ id }) => `${id} back`));
 *     return "returned";
 *   },
 *   close: () => void told.push("closed"),
 * });
 * const texts = etl({
 *   name: "texts",
 *   extract: () => queue,
 *   transform: ({ text }) => {
 *     if (text === "") throw new Error("no text");
 *     return text;
 *   },
 *   load: () => {},
 * });
 * const { loaded, returned } = await texts.run();
 * equal(loaded, 2);
 * equal(returned, 1);
 * deepEqual(told, ["1 done", "2 back", "3 done", "closed"]);
 * ```
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 */
export function leased<T>(source: Source<T>, options: LeaseOptions<T>): Leased<T> {
  return new Leased(source, options);
}
