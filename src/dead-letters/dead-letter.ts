/** An item that was given up on, with its error. */
export interface DeadLetter<E = unknown> {
  /** The item as the source gave it; of one that it could not read, the `raw` of `malformed`. */
  readonly item: E;
  /** What the transform made of it, where there is one and the load failed. */
  readonly row?: unknown;
  /** What it failed with in the end: the object that was thrown. */
  readonly error: unknown;
  /** Where it failed. */
  readonly stage: "extract" | "transform" | "load";
  /** The branches of the load that lack it, where it has several: no other one is to be given it again. */
  readonly branches?: readonly string[];
  /** How often it was tried. To load a part of its batch is no further attempt. */
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
