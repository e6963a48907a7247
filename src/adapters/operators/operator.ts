import type { ChunkReader } from "./chunk-reader.ts";
import { Chain } from "./chain.ts";
import type { Stage } from "./stage.ts";
import type { Unsteady } from "./terms.ts";

/** What makes a reader of items out of another one. Its name is no public one. */
export const connect: unique symbol = Symbol("connect");

/** What becomes of the items of a source: `I` → `O`. It holds nothing: each reading has its own state. */
export interface Operator<I, O> {
  /** Reads `O` out of what reads `I`. */
  readonly [connect]: (input: ChunkReader<I>) => ChunkReader<O>;
  /** Why it may give other items when it reads them again, if it may. */
  readonly unsteady?: Unsteady | undefined;
}

/** An operator that handles one array after the other, with a stage of its own for each reading. */
export function staged<I, O>(make: () => Stage<I, O>, unsteady?: Unsteady): Operator<I, O> {
  return { [connect]: (input) => Chain.after(input, make()), unsteady };
}

/** An operator that reads by itself. */
export function reading<I, O>(
  open: (input: ChunkReader<I>) => ChunkReader<O>,
  unsteady?: Unsteady,
): Operator<I, O> {
  return { [connect]: open, unsteady };
}
