/**
 * Operators for sources: they shape, join and split items before a run loads them. They work on arrays,
 * hold a bounded number of items, and return sources.
 * @module
 */
export { pipe } from "./operators/pipe.ts";
export { broadcast, type BroadcastOptions } from "./operators/broadcast.ts";
export { concat } from "./operators/concat.ts";
export { merge, type MergeOptions } from "./operators/merge.ts";
export { mergeSorted, type MergeSortedOptions, type SortKey } from "./operators/merge-sorted.ts";
export { SourceError } from "./operators/source-error.ts";
export { zip } from "./operators/zip.ts";
export { route } from "./operators/route.ts";
export type { BranchLoad } from "./operators/branch.ts";
export type { BranchedLoad } from "./operators/fan-out.ts";
export { filter, flatMap, map, tap } from "./operators/map.ts";
export { drop, take, takeUntil, takeWhile } from "./operators/take.ts";
export { scan } from "./operators/scan.ts";
export { distinct, type DistinctOptions } from "./operators/distinct.ts";
export { sample, type SampleOptions } from "./operators/sample.ts";
export { window, type WindowOptions } from "./operators/window.ts";
export { reduceByKey, type ReduceByKeyOptions } from "./operators/reduce-by-key.ts";
export { lookup } from "./operators/lookup.ts";
export type { LookupOptions } from "./operators/lookup-options.ts";
export { transformOf } from "./operators/transform-of.ts";
export { streamOf } from "./operators/stream-of.ts";
export type { Operator } from "./operators/operator.ts";
export type { CallContext, CallOptions } from "./operators/call-options.ts";
