/**
 * Operators for sources: what shapes, joins and splits items before a run loads them. They work on
 * arrays, hold a bounded number of items, and give sources.
 * @module
 */
export { pipe } from "./operators/pipe.ts";
export { filter, flatMap, map, tap } from "./operators/map.ts";
export { streamOf } from "./operators/stream-of.ts";
export type { Operator } from "./operators/operator.ts";
export type { CallContext, CallOptions } from "./operators/call-options.ts";
