/**
 * Parts of a leased source, and its interface towards a run.
 * @module
 */
import type { Checkpoint, DoneRange, Guarantee } from "../report-types.ts";
import type { RunTerms } from "./chunks.ts";
import type { Source } from "./source.ts";

/** Context of a call to a broker. */
export interface LeaseContext {
  /** Aborts when the run waits no longer for the call; its own abort does not, as what is told is to arrive. */
  readonly signal: AbortSignal;
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** The run, told apart from all others. */
  readonly runId: string;
}

/** Context of a call to a broker about items with a place in the source. */
export interface LeasedItemsContext extends LeaseContext {
  /** The places of the items in the source, from 0. */
  readonly ranges: readonly DoneRange[];
}

/** Callbacks that tell a broker the fate of the items it has lent. */
export interface LeaseOptions<T> {
  /** Told of items that are finished for good: loaded, skipped, or their dead letter is kept. */
  readonly acknowledge: (items: readonly T[], context: LeasedItemsContext) => unknown;
  /**
   * Asked about items that are to blame for a failure, before a dead letter is written. `"returned"`
   * says that they were given back: the run counts them as `returned`, and goes on. After any other
   * answer they are still the run's: a dead letter is kept, and they are acknowledged; or there are no
   * dead letters, the run fails, and they are released.
   */
  readonly reject?:
    | ((items: readonly T[], error: unknown, context: LeasedItemsContext) => unknown)
    | undefined;
  /**
   * Told once, when the run ends, of all that is lent and was neither acknowledged nor returned: it is
   * not to blame, and is not done. Also of what the source has given in a chunk and nobody has read.
   * Only an item whose `reject` ends later, and has not returned it, is told alone then.
   */
  readonly release?: ((items: readonly T[], context: LeaseContext) => unknown) | undefined;
  /**
   * Which delivery of an item this is, as the broker counts them: the first is 1. The attempts of
   * a run count on from there, in its dead letters and against `maxAttempts`.
   */
  readonly attemptsOf?: ((item: T) => number) | undefined;
  /**
   * The id of an item, the same for each of its deliveries and no other's: what the broker or the
   * message calls it. A sink that keeps deliveries commits it together with the rows, so that what is
   * delivered again is left out, and counted as skipped; the run is then `"effectively-once"`.
   */
  readonly idOf?: ((item: T) => string) | undefined;
  /** Called once at the end of each run, after everything else: stops heartbeats, closes what is open. */
  readonly close?: (() => unknown) | undefined;
}

/** Part of a pipeline that a leased source depends on. */
export interface LoadingPipeline {
  /** If true, its source yields the same items in the same order each time. */
  readonly replayable?: boolean | undefined;
  /** Its load, which may keep the ids of deliveries. */
  readonly load: unknown;
}

/** A leased source in one run. */
export interface Lease<T> {
  /** Asks `reject` about an item; tells whether it was given back. Left out where there is no `reject`. */
  readonly reject:
    // Typed as a method is, so that a lease of messages is one of whatever messages are.
    | { of(item: T, error: unknown, context: LeasedItemsContext): Promise<boolean> }["of"]
    | undefined;
  /** Refuses terms that the source cannot keep, and cancels it then. */
  checkTerms(
    action: string,
    terms: RunTerms,
    found: Checkpoint | undefined,
    pipeline: LoadingPipeline,
  ): Guarantee;
  /** Opens the source, of which each item counts as lent once it is read. */
  open(use: readonly [action: string, name: string, giving?: string]): Source<T>;
  /** Tells the broker that items are finished. */
  acknowledge(items: readonly T[], context: LeasedItemsContext): unknown;
  /** Number of earlier deliveries of an item. */
  earlierAttempts(item: T): number;
  /** The id of an item, where the load keeps these. */
  readonly idOf: { of(item: T): string }["of"] | undefined;
  /** The ids of items that are loaded together. Throws if one of them comes twice. */
  idsOf(items: readonly T[], isDivisible: boolean): readonly string[];
  /** Gives back all that is lent. */
  release(context: LeaseContext): unknown;
  /** Ends it, once. */
  close(): unknown;
}
