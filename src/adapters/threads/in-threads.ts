import { hardwareThreads, isNode } from "../../runtime/detect.ts";
import {
  anyObject,
  callable,
  checkOptions,
  fail,
  type OptionTable,
  positive,
  positiveInteger,
  positiveIntegerOrInfinity,
} from "../../options.ts";
import { fail as failPlainly } from "../../plain-options.ts";
import type { PipelineContext } from "../../pipeline/pipeline.ts";
import { hasThreads, type ThreadModule } from "./host-thread.ts";
import { mapInline } from "./inline.ts";
import type {
  ThreadFunction,
  ThreadInput,
  ThreadOutput,
  Threads,
  ThreadsOptions,
  WebWorkerLike,
} from "./options.ts";
import { Pool } from "./pool.ts";
import { KeptResults, type Mapped, resultsOf } from "./results.ts";
import { isThreaded } from "./thread.ts";

const action = "create threads";

const table: OptionTable<ThreadsOptions> = {
  size: [positiveInteger],
  timeout: [positive, Infinity],
  startTimeout: [positive, 30_000],
  idleTimeout: [positive],
  maxCrashes: [positiveIntegerOrInfinity, 10],
  transfer: [callable],
  resourceLimits: [anyObject],
};

/**
 * Makes a `transformBatch` that runs the function of a module in threads. The module's default export is
 * the result of `thread`; its type determines the types of items and rows. Batches are split among idle
 * threads. Results keep the order of their items.
 *
 * Every failure names its item, and no other item is lost. An item fails alone if the function throws for
 * it, or if the item or its result cannot be cloned. A thread that exits, or exceeds `timeout` for an
 * item, is replaced. Its items are then repeated one by one, so only the offending item fails, with a
 * `ThreadError`. An abort ends the threads that work for the call.
 *
 * Threads start with the first batch, outlive the run, and serve any number of runs. Idle threads do not
 * keep the process alive; `close`, or `await using`, ends them at once.
 *
 * If a runtime has no threads (Workers), pass the function itself: it runs inline.
 *
 * @example The function itself, as on Workers
 * ```ts
 * import { etl } from "millrace";
 * import { inThreads, thread } from "millrace/threads";
 * import { deepEqual } from "node:assert/strict";
 *
 * const square = thread((n: number) => n * n); // Elsewhere: new URL("./square.js", import.meta.url)
 * const loaded: number[] = [];
 * await etl({
 *   name: "squares",
 *   extract: () => [1, 2, 3],
 *   transformBatch: inThreads(square),
 *   load: (rows) => void loaded.push(...rows),
 * }).run({ batchSize: 10 });
 * deepEqual(loaded, [1, 4, 9]);
 * ```
 *
 * @throws {ConfigurationError} If `module` is not an absolute URL, a function that returns a `Worker`, or
 *   a result of `thread`; if the runtime has no threads for it; or if an option breaks its rule. A module
 *   that cannot be loaded fails the call.
 */
export function inThreads<M extends ThreadFunction>(
  module: URL | string | (() => WebWorkerLike) | M,
  options: ThreadsOptions<ThreadInput<M>> = {},
): Threads<ThreadInput<M>, ThreadOutput<M>> {
  const settings = checkOptions<
    ThreadsOptions,
    "size" | "idleTimeout" | "transfer" | "resourceLimits"
  >(
    action,
    options as ThreadsOptions,
    table,
  );
  type Made = Threads<ThreadInput<M>, ThreadOutput<M>>;
  if (isThreaded(module)) {
    for (const [name, value] of Object.entries(options)) {
      if (value !== undefined) {
        fail(action, name, "omitted beside a function, which runs inline", value);
      }
    }
    const mapItems: MapItems = (items, signal) => mapInline(module, items, signal);
    return threadsOf(mapItems, 0, async () => {}) as Made;
  }
  const { size = Math.max(hardwareThreads() - 1, 1) } = settings;
  const place = placeOf(module as URL | string | (() => WebWorkerLike));
  const { resourceLimits } = settings;
  if (resourceLimits !== undefined && (typeof place === "function" || !isNode())) {
    fail(action, "resourceLimits", "omitted where it is not a URL on Node", resourceLimits);
  }
  const name = typeof place === "function" ? "the given Worker" : place.split("/").at(-1)!;
  const pool = new Pool({ ...settings, size, module: place, name });
  return threadsOf((items, signal) => pool.run(items, signal), size, () => pool.close()) as Made;
}

/** Maps the items of one call. */
type MapItems = (items: readonly unknown[], signal: AbortSignal) => Promise<Mapped>;

function threadsOf(
  mapItems: MapItems,
  size: number,
  close: () => Promise<void>,
): Threads<unknown, unknown> {
  const kept = new KeptResults();
  const run = async (items: unknown[], { signal }: Pick<PipelineContext, "signal">) => {
    if (items.length === 0) return [];
    const known = kept.take(signal, items);
    if (known !== undefined) return known;
    const mapped = await mapItems(items, signal);
    kept.keep(signal, items, mapped);
    return resultsOf(mapped);
  };
  const { asyncDispose } = Symbol as { asyncDispose?: symbol };
  const threads = Object.assign(run, { size, close });
  if (asyncDispose !== undefined) Object.assign(threads, { [asyncDispose]: close });
  return threads as Threads<unknown, unknown>;
}

/** Returns the checked address of the module, or the function that makes its worker. */
function placeOf(module: URL | string | (() => WebWorkerLike)): ThreadModule {
  const isPlace = typeof module === "function" || URL.canParse(String(module));
  if (!isPlace) {
    const rule =
      'an absolute URL, such as new URL("./hash.js", import.meta.url), a function that ' +
      "returns a Worker, or the result of thread(fn)";
    failPlainly(action, "module", rule, module);
  }
  if (!hasThreads()) {
    // Plainly, as the address of a module is not a secret.
    failPlainly(
      action,
      "module",
      "the result of thread(fn), as this runtime has no threads",
      module,
    );
  }
  return typeof module === "function" ? module : String(module);
}
