import type { ChunkReader } from "./chunk-reader.ts";
import { Chain } from "./chain.ts";
import type { Stage } from "./stage.ts";
import type { Unsteady } from "./terms.ts";

/**
 * Operator on the items of a source: `I` → `O`. Created by the functions of this package. It holds no
 * state: each reading has its own.
 */
export interface Operator<I, O> {
  /** Kind of the object. */
  readonly kind: "operator";
  /** Types for the compiler only; the property never exists. */
  readonly types?: ((item: I) => O) | undefined;
}

/** Members of every operator. */
export interface OperatorParts<I, O> extends Operator<I, O> {
  /** Makes a reader of `O` from a reader of `I`. */
  readonly connect: (input: ChunkReader<I>) => ChunkReader<O>;
  /** Reason why it may yield other items when it reads them again, if it may. */
  readonly unsteady: Unsteady | undefined;
}

/** An operator that handles one array after the other. Each reading has its own stage. */
export function staged<I, O>(make: () => Stage<I, O>, unsteady?: Unsteady): Operator<I, O> {
  return reading((input) => Chain.after(input, make()), unsteady);
}

/** An operator that reads its input itself. */
export function reading<I, O>(
  connect: (input: ChunkReader<I>) => ChunkReader<O>,
  unsteady?: Unsteady,
): Operator<I, O> {
  const parts: OperatorParts<I, O> = { kind: "operator", connect, unsteady };
  return parts;
}

/** Returns true if a value is an operator. */
export function isOperator(value: unknown): value is OperatorParts<unknown, unknown> {
  const { kind, connect } = Object(value) as Partial<OperatorParts<unknown, unknown>>;
  return kind === "operator" && typeof connect === "function";
}
