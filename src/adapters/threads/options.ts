import type { PipelineContext, Transformed } from "../../pipeline/pipeline.ts";
import type { Many } from "../../streams/many.ts";
import type { skip } from "../../streams/skip.ts";

/** Function that a thread runs for each item: made by `thread`. */
// deno-lint-ignore no-explicit-any -- `never` would refuse what is called with an item of its own type.
export type ThreadFunction = (item: any) => unknown;

/** Type of the item that a function of a thread is called with. */
export type ThreadInput<M extends ThreadFunction> = Parameters<M>[0];

/** The rows that a function of a thread returns. */
export type ThreadOutput<M extends ThreadFunction> = Awaited<ReturnType<M>> extends infer R
  ? R extends typeof skip ? never : R extends Many<infer T> ? T : R
  : never;

/** Maximum memory of a thread of Node, in MB: its `resourceLimits`. */
export interface ThreadLimits {
  /** Limit of the heap for older objects. */
  readonly maxOldGenerationSizeMb?: number;
  /** Limit of the heap for new objects. */
  readonly maxYoungGenerationSizeMb?: number;
  /** Limit of the memory for compiled code. */
  readonly codeRangeSizeMb?: number;
  /** Limit of the stack. @default {4} */
  readonly stackSizeMb?: number;
}

/** Options of `inThreads`. */
export interface ThreadsOptions<I = unknown> {
  /**
   * Maximum number of threads. They start when needed, and all calls share them.
   * @default {the processors that the runtime reports, less one; at least 1}
   */
  readonly size?: number | undefined;
  /**
   * Maximum time for one item, in milliseconds. Then its thread is terminated, and the item fails.
   * @default {Infinity}
   */
  readonly timeout?: number | undefined;
  /**
   * Maximum time for a thread to load its module, in milliseconds. Then the run fails. This detects
   * a module that does not call `thread`, if the runtime does not report it.
   * @default {30000}
   */
  readonly startTimeout?: number | undefined;
  /**
   * Maximum idle time of a thread, in milliseconds. Then it ends, and the next items start another. An
   * idle thread does not keep the process alive on Node and Bun; on Deno it does.
   * @default {Infinity; on Deno 1000}
   */
  readonly idleTimeout?: number | undefined;
  /**
   * Maximum number of threads that may end in a row without finishing an item. Then the run fails.
   * @default {10}
   */
  readonly maxCrashes?: number | undefined;
  /**
   * Returns the objects to move to a thread instead of copying. They are then no longer available here,
   * not even for dead letters and retries.
   */
  readonly transfer?: ((items: readonly I[]) => object[]) | undefined;
  /** Maximum memory of a thread; only on Node. */
  readonly resourceLimits?: ThreadLimits | undefined;
}

/** The `Worker` that a function for bundlers returns, started as a module. */
export interface WebWorkerLike {
  /** Sends a message. */
  postMessage(...args: never): void;
  /** Adds a listener for messages and errors. */
  addEventListener(...args: never): void;
  /** Ends the worker. */
  terminate(): unknown;
}

/** The `transformBatch` that `inThreads` returns, with the method for `await using`. */
export type Threads<I, O> =
  & ThreadCalls<I, O>
  & {
    readonly [
      // Only where the types of the platform have the symbol.

      K in SymbolConstructor extends { readonly asyncDispose: infer S extends symbol } ? S : never
    ]: () => Promise<void>;
  };

/** Function that calls threads, with a method that ends them. */
export interface ThreadCalls<I, O> {
  /** Maps items to their results; rejects with a `BatchError` that names the items that failed. */
  (items: I[], context: Pick<PipelineContext, "signal">): Promise<Transformed<O>[]>;
  /** Maximum number of threads; 0 if the function runs inline. */
  readonly size: number;
  /** Ends all threads at once. Waiting and later calls reject. */
  close(): Promise<void>;
}
