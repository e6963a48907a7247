import type { DoneRange, FinishedCounts } from "../report-types.ts";
import { callIn } from "./load-call.ts";
import type { SinkLoadContext } from "./load-context.ts";

/** Ranges that a load completes, and its run. A sink writes them with the rows. */
export interface CommitMark {
  /** The key of the checkpoint. */
  readonly key: string;
  /** The run, which must own the key. */
  readonly runId: string;
  /** Ranges of the source that the load completes. */
  readonly ranges: readonly DoneRange[];
  /** Fate of these items, if the context of the load contains it. */
  readonly counts?: FinishedCounts | undefined;
  /**
   * True if the mark is part of the commit; otherwise the rows are committed alone, and the run marks them.
   */
  readonly isMarked: boolean;
  /** True if no run has announced its call: the context was made by hand. */
  readonly isByHand?: boolean;
}

/**
 * Returns the mark of a load.
 * @param key The key of the checkpoint: `context.batch.key`, which must be present.
 * @param isMarked The argument from `sinkLoads`: true if the mark must be part of the commit.
 */
export function markOf(
  key: string,
  { runId, batch }: SinkLoadContext,
  isMarked: boolean,
): CommitMark {
  const { ranges = [], counts } = batch;
  const call = callIn(batch) ?? callIn(ranges);
  const isByHand = call === undefined || call.isByHand === true;
  return { key, runId, ranges, counts, isMarked, isByHand };
}
