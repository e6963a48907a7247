/** An item that was given up on, with its error. */
export interface DeadLetter<E = unknown> {
  /** The item as the source gave it; of one that it could not read, the `raw` of `malformed`. */
  readonly item: E;
  /** Result of the transform, if there is one and the load failed. */
  readonly row?: unknown;
  /** Last error: the object that was thrown. */
  readonly error: unknown;
  /** Where it failed. */
  readonly stage: "extract" | "transform" | "load";
  /** The branches of the load that lack it, where it has several: no other one is to be given it again. */
  readonly branches?: readonly string[];
  /** Number of attempts. Loading a part of its batch is not a further attempt. */
  readonly attempts: number;
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** The run that gave it up. */
  readonly runId: string;
  /** Its place in the source, from 0. */
  readonly offset: number;
  /** When it was given up on: milliseconds since 1970. */
  readonly at: number;
}
