/**
 * Threads for CPU-bound transforms: a function that runs beside the main thread as the `transformBatch`
 * of a pipeline. It has no dependencies; if a runtime has no threads, the function runs inline.
 * @module
 */
export { inThreads } from "./threads/in-threads.ts";
export { thread, type ThreadOptions } from "./threads/thread.ts";
export { ThreadError, type ThreadFailure } from "./threads/thread-error.ts";
export type {
  ThreadCalls,
  ThreadFunction,
  ThreadInput,
  ThreadLimits,
  ThreadOutput,
  Threads,
  ThreadsOptions,
  WebWorkerLike,
} from "./threads/options.ts";
