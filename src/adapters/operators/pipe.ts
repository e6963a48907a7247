import type { Chunks } from "../../streams/chunks.ts";
import type { Source } from "../../streams/source.ts";
import { fail } from "../../plain-options.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { isOperator, type Operator, type OperatorParts } from "./operator.ts";
import { checkSource, chunksOf, openReader, tellingBytesOf } from "./source.ts";
import { checkTermsOf } from "./terms.ts";

/**
 * A source of what operators make of another one: `extract` returns it, `batched` and `streamOf` take
 * it, and so does another `pipe`. It comes in arrays, each of which goes through all operators in one
 * go, without a promise as long as their functions give none.
 *
 * The source is opened when somebody reads, and each reading has state of its own. Where the source or
 * a function fails, all that came before is given, and then its own error. To stop the reading
 * cancels the source, also while a read is pending, and aborts the `signal` of calls that run. An item
 * that its source could not read (`malformed`) passes by all operators in its place.
 *
 * A source that gives its items one by one is read ahead as far as items come without a wait, up to
 * 256 of them.
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
 * @throws {ConfigurationError} If `source` is not a source, or a stream that is already being read,
 * or an operator is not one.
 */
export function pipe<A>(source: Source<A>): Chunks<A>;
/** A source of what 1 operator makes of another one. */
export function pipe<A, B>(
  source: Source<A>,
  o1: Operator<A, B>,
): Chunks<B>;
/** A source of what 2 operators make of another one. */
export function pipe<A, B, C>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
): Chunks<C>;
/** A source of what 3 operators make of another one. */
export function pipe<A, B, C, D>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
): Chunks<D>;
/** A source of what 4 operators make of another one. */
export function pipe<A, B, C, D, E>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
): Chunks<E>;
/** A source of what 5 operators make of another one. */
export function pipe<A, B, C, D, E, F>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
): Chunks<F>;
/** A source of what 6 operators make of another one. */
export function pipe<A, B, C, D, E, F, G>(
  source: Source<A>,
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
): Chunks<G>;
/** A source of what 7 operators make of another one. */
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
/** A source of what 8 operators make of another one. */
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
/** A source of what 9 operators make of another one. */
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
/** A source of what 10 operators make of another one. */
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
