/** An item that was given up on, with its error. */
export interface DeadLetter<E = unknown> {
  /** The item as the source yielded it; if the source could not read it, the `raw` of `malformed`. */
  readonly item: E;
  /** Result of the transform, if there is one and the load failed. */
  readonly row?: unknown;
  /** Last error: the object that was thrown. */
  readonly error: unknown;
  /** Stage that failed. */
  readonly stage: "extract" | "transform" | "load";
  /** Branches of the load that lack the item, if there are several: only these should get it again. */
  readonly branches?: readonly string[];
  /** Number of attempts. Loading a part of its batch is not a further attempt. */
  readonly attempts: number;
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** Id of the run that gave up on it. */
  readonly runId: string;
  /** Its place in the source, from 0. */
  readonly offset: number;
  /** Time at which it was given up on: milliseconds since 1970. */
  readonly at: number;
}
