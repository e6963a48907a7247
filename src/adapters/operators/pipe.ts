import type { Chunks } from "../../streams/chunks.ts";
import type { Source } from "../../streams/source.ts";
import { fail } from "../../plain-options.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { isOperator, type Operator, type OperatorParts } from "./operator.ts";
import { checkSource, chunksOf, openReader, tellingBytesOf } from "./source.ts";
import { checkTermsOf } from "./terms.ts";

/**
 * Applies operators to a source, and returns the resulting source. `extract` can return it; `batched`,
 * `streamOf` and another `pipe` accept it. Items pass in arrays. Each array goes through all operators in
 * one pass, without promises as long as the functions return none.
 *
 * The source is opened when reading starts, and each reading has its own state. If the source or a
 * function fails, everything before is yielded, and then the original error. Stopping the reading cancels
 * the source, even while a read is pending, and aborts the `signal` of calls in progress. An item that
 * its source could not read (`malformed`) passes all operators unchanged, in its place.
 *
 * A source that yields single items is read ahead as long as items arrive without a wait, up to 256
 * items.
 *
 * @example The first two names that are long
 * ```ts
 * import { filter, map, pipe, streamOf, take } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const users = [{ name: "Ada" }, { name: "Grace" }, { name: "Edsger" }, { name: "Barbara" }];
 * const names = pipe(users, map(({ name }) => name), filter((name) => name.length > 3), take(2));
 * deepEqual(await Array.fromAsync(streamOf(names)), ["Grace", "Edsger"]);
 * ```
 *
 * @throws {ConfigurationError} If `source` is not a source, or is a stream that is already being read, or
 *   an operator is invalid.
 */
export function pipe<A>(source: Source<A>): Chunks<A>;
/** Applies 1 operator to a source. */
export function pipe<A, B>(
  source: Source<A>,
  o1: Operator<A, B>,
): Chunks<B>;
/** Applies 2 operators to a source. */
export function pipe<A, B, C>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
): Chunks<C>;
/** Applies 3 operators to a source. */
export function pipe<A, B, C, D>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
): Chunks<D>;
/** Applies 4 operators to a source. */
export function pipe<A, B, C, D, E>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
): Chunks<E>;
/** Applies 5 operators to a source. */
export function pipe<A, B, C, D, E, F>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
): Chunks<F>;
/** Applies 6 operators to a source. */
export function pipe<A, B, C, D, E, F, G>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
): Chunks<G>;
/** Applies 7 operators to a source. */
export function pipe<A, B, C, D, E, F, G, H>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
  o7: Operator<G, H>,
): Chunks<H>;
/** Applies 8 operators to a source. */
export function pipe<A, B, C, D, E, F, G, H, I>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
  o7: Operator<G, H>,
  o8: Operator<H, I>,
): Chunks<I>;
/** Applies 9 operators to a source. */
export function pipe<A, B, C, D, E, F, G, H, I, J>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
  o7: Operator<G, H>,
  o8: Operator<H, I>,
  o9: Operator<I, J>,
): Chunks<J>;
/** Applies 10 operators to a source. */
export function pipe<A, B, C, D, E, F, G, H, I, J, K>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
  o7: Operator<G, H>,
  o8: Operator<H, I>,
  o9: Operator<I, J>,
  o10: Operator<J, K>,
): Chunks<K>;
export function pipe(source: Source<unknown>, ...operators: readonly unknown[]): Chunks<unknown> {
  const use = ["pipe items", "source"] as const;
  checkSource(source, use);
  const parts = partsOf("pipe items", operators);
  const checkTerms = checkTermsOf([source], parts.map(({ unsteady }) => unsteady));
  const open = () => connectAll(openReader(source, use), parts);
  return tellingBytesOf(source, chunksOf(open, checkTerms));
}

/** Rejects values that are not operators. */
export function partsOf(
  action: string,
  operators: readonly unknown[],
): readonly OperatorParts<unknown, unknown>[] {
  return operators.map((operator) => {
    if (isOperator(operator)) return operator;
    return fail(action, "operators", "operators like map(…) or filter(…)", operator);
  });
}

/** Reads through all operators. */
export function connectAll(
  input: ChunkReader<unknown>,
  operators: readonly OperatorParts<unknown, unknown>[],
): ChunkReader<unknown> {
  return operators.reduce((reader, { connect }) => connect(reader), input);
}
