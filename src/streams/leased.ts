import { DeliveredError, keepsDeliveries } from "../checkpoints/deliveries.ts";
import { callable, checkOptions, fail } from "../options.ts";
import type { Checkpoint, Guarantee } from "../report-types.ts";
import type { Chunks, RunTerms } from "./chunks.ts";
import type {
  Lease,
  LeaseContext,
  LeasedItemsContext,
  LeaseOptions,
  LoadingPipeline,
} from "./lease.ts";
import { isMalformed } from "./malformed-mark.ts";
import { mapSource } from "./map-source.ts";
import { cancelSource, openSource, type Source, type SourceUse } from "./source.ts";

/** A source whose items are lent. Made by `leased`, for the `extract` of a pipeline. */
export class Leased<T> {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "Leased";

  readonly #source: Source<T>;
  /** Callbacks for the items of the source, whatever their type. */
  readonly #options: LeaseOptions<never>;

  /**
   * Joins a source to the callbacks of its broker.
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
      idOf: [callable],
      close: [callable],
    });
    if (options.acknowledge === undefined) {
      fail(action, "acknowledge", callable.expected, undefined);
    }
  }

  /** Begins the lease of one run. Called by the run. */
  lend(): Lease<T> {
    return new RunLease(this.#source, this.#options as LeaseOptions<T>);
  }
}

class RunLease<T> implements Lease<T> {
  readonly reject: Lease<T>["reject"];
  idOf: Lease<T>["idOf"];
  readonly #source: Source<T>;
  readonly #options: LeaseOptions<T>;
  readonly #out = new Map<T, number>(); // Number of times each is lent: strings and numbers may be equal.
  readonly #over = new AbortController();
  #isClosed = false;
  #released: LeaseContext | undefined; // Set once all lent items were given back.

  constructor(source: Source<T>, options: LeaseOptions<T>) {
    this.#source = source;
    this.#options = options;
    const { reject } = options;
    this.reject = reject && (async (item, error, context) => {
      this.#count(item, -1); // A run that ends meanwhile must not release it as well.
      let answer: unknown;
      try {
        answer = await reject.call(options, [item], error, this.#told(context));
      } finally {
        if (answer !== "returned") await this.#keep(item);
      }
      return answer === "returned";
    });
  }

  checkTerms(
    action: string,
    terms: RunTerms,
    found: Checkpoint | undefined,
    pipeline: LoadingPipeline,
  ): Guarantee {
    try {
      checkReplayable(action, terms, pipeline.replayable);
      this.idOf = this.#idsKept(action, terms, pipeline);
    } catch (error) {
      const cancel = async () => cancelSource(openSource([action, "extract"], this.#source), error);
      cancel().catch(() => {}); // One error is enough.
      throw error;
    }
    const own = this.idOf ? "effectively-once" : "at-least-once";
    return (this.#source as Partial<Chunks<T>>).checkTerms?.(action, terms, found) ?? own;
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
    return Math.max(0, (this.#options.attemptsOf?.(item) ?? 1) - 1) || 0; // It may return anything.
  }

  idsOf(items: readonly T[], isDivisible: boolean): readonly string[] {
    const ids = items.map((item) => this.idOf!(item));
    if (!isDivisible) {
      const rule =
        "a function without wholeBatch() if 'idOf' is given, as some items may be loaded already";
      fail("load rows", "transformBatch", rule, "a whole batch");
    }
    const wrong = ids.find((id) => typeof id !== "string" || id === "");
    if (wrong !== undefined) fail("load rows", "idOf", "a function that returns a text", wrong);
    // The run loads the first of each, and only then the others.
    if (new Set(ids).size < ids.length) throw new DeliveredError(new Set());
    return ids;
  }

  release(context: LeaseContext): unknown {
    this.#released = context;
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

  /** Returns `idOf` for a load that keeps ids; `undefined` if marks record the finished items. */
  #idsKept(action: string, terms: RunTerms, { load }: LoadingPipeline): Lease<T>["idOf"] {
    const { idOf } = this.#options;
    if (terms.checkpoints !== undefined) return undefined;
    if (idOf !== undefined && keepsDeliveries(load)) return (item) => idOf(item);
    if (terms.guarantee === "effectively-once") {
      const rule = '"at-least-once", as the source redelivers items loaded but not yet ' +
        "acknowledged (pass 'idOf' to 'leased', and use the load of a sink that keeps deliveries)";
      fail(action, "guarantee", rule, terms.guarantee);
    }
    return undefined;
  }

  #told<C extends LeaseContext>(context: C): C {
    return { ...context, signal: this.#over.signal };
  }

  /** Keeps an item that the broker did not take back. If the run is already over, it is released. */
  #keep(item: T): unknown {
    this.#count(item, 1);
    return this.#released && this.release(this.#released);
  }

  #count(item: T, more: number): void {
    const count = (this.#out.get(item) ?? 0) + more;
    if (count > 0) this.#out.set(item, count);
    else this.#out.delete(item);
  }
}

/** Rejects options that need a source that can be read again. */
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
    "offsets of finished ones would be dropped (the broker keeps unacknowledged items; set " +
    "'replayable: true' on the pipeline if the source yields all items in the same order again, " +
    "even acknowledged ones)";
  fail(action, "checkpoints", rule, checkpoints);
}

/**
 * Joins a source to the broker that lends its items, such as a queue or a stream with acknowledgements.
 * The `extract` of a pipeline returns it. Each item of the source ends in one of three ways, once: it
 * is acknowledged, given back by `reject`, or released when the run ends.
 *
 * Nothing is acknowledged before its load has succeeded, so a killed run loses nothing: the broker delivers
 * unacknowledged items again. Items are loaded at least once, or effectively once with `idOf` and a sink
 * that keeps deliveries. `close` is called last, however the run ends, and before `finalize`.
 *
 * It cannot be combined with checkpoints, unless the pipeline is `replayable: true`. Only a run can read it:
 * to process items earlier, pass the processed stream as `source`, or use the pipeline's `transform`.
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
