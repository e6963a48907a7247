/**
 * Parts of a leased source, and its interface to a run.
 * @module
 */
import type { Checkpoint, DoneRange, Guarantee } from "../report-types.ts";
import type { RunTerms } from "./chunks.ts";
import type { Source } from "./source.ts";

/** Context of a call to a broker. */
export interface LeaseContext {
  /**
   * Aborts when the run stops waiting for the call. It stays open when the run aborts, so that the
   * broker is still informed.
   */
  readonly signal: AbortSignal;
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** Unique id of the run. */
  readonly runId: string;
}

/** Context of a call to a broker about items with a place in the source. */
export interface LeasedItemsContext extends LeaseContext {
  /** Places of the items in the source, from 0. */
  readonly ranges: readonly DoneRange[];
}

/** Callbacks that inform a broker about the items it has lent. */
export interface LeaseOptions<T> {
  /** Called with items that are finished for good: loaded, skipped, or their dead letter is written. */
  readonly acknowledge: (items: readonly T[], context: LeasedItemsContext) => unknown;
  /**
   * Called with items that are to blame for a failure, before a dead letter is written. Return
   * `"returned"` if you gave them back to the broker: the run counts them as `returned` and continues.
   * After any other value they stay with the run: if there are dead letters, one is written and they
   * are acknowledged; otherwise the run fails and they are released.
   */
  readonly reject?:
    | ((items: readonly T[], error: unknown, context: LeasedItemsContext) => unknown)
    | undefined;
  /**
   * Called once, when the run ends, with all lent items that were neither acknowledged nor returned:
   * they are neither to blame nor done. This includes unread items of a chunk. An item whose `reject`
   * ends later, without returning it, is released separately.
   */
  readonly release?: ((items: readonly T[], context: LeaseContext) => unknown) | undefined;
  /**
   * Returns the number of deliveries of an item, as counted by the broker: the first is 1. The run
   * counts its attempts from there, in dead letters and against `maxAttempts`.
   */
  readonly attemptsOf?: ((item: T) => number) | undefined;
  /**
   * Returns the id of an item, as set by the broker or the message: the same for each of its
   * deliveries, and different from all others. A sink that keeps deliveries commits it with the rows.
   * An item delivered again is then left out and counted as skipped, and the run is
   * `"effectively-once"`.
   */
  readonly idOf?: ((item: T) => string) | undefined;
  /**
   * Called once at the end of each run, after everything else, to stop heartbeats and close connections.
   */
  readonly close?: (() => unknown) | undefined;
}

/** Part of a pipeline that a leased source depends on. */
export interface LoadingPipeline {
  /** If true, its source yields the same items in the same order each time. */
  readonly replayable?: boolean | undefined;
  /** Load of the pipeline, which may keep the ids of deliveries. */
  readonly load: unknown;
}

/** A leased source in one run. */
export interface Lease<T> {
  /** Calls `reject` for an item; resolves with true if it was returned. Omitted without `reject`. */
  readonly reject:
    // Typed like a method, so that a lease of messages is also one of their base type.
    | { of(item: T, error: unknown, context: LeasedItemsContext): Promise<boolean> }["of"]
    | undefined;
  /** Rejects terms that the source cannot keep, and then cancels it. */
  checkTerms(
    action: string,
    terms: RunTerms,
    found: Checkpoint | undefined,
    pipeline: LoadingPipeline,
  ): Guarantee;
  /** Opens the source. Each item counts as lent once it is read. */
  open(use: readonly [action: string, name: string, giving?: string]): Source<T>;
  /** Tells the broker that items are finished. */
  acknowledge(items: readonly T[], context: LeasedItemsContext): unknown;
  /** Number of earlier deliveries of an item. */
  earlierAttempts(item: T): number;
  /** Returns the id of an item; present if the load keeps ids. */
  readonly idOf: { of(item: T): string }["of"] | undefined;
  /** Returns the ids of items that are loaded together. Throws if one of them occurs twice. */
  idsOf(items: readonly T[], isDivisible: boolean): readonly string[];
  /** Gives back all lent items. */
  release(context: LeaseContext): unknown;
  /** Ends the lease, once. */
  close(): unknown;
}
