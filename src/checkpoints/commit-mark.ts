import type { DoneRange, FinishedCounts } from "../report-types.ts";
import { callIn } from "./load-call.ts";
import type { SinkLoadContext } from "./load-context.ts";

/** Ranges that a load completes, and the run it belongs to. A sink writes them beside the rows. */
export interface CommitMark {
  /** The key of the checkpoint. */
  readonly key: string;
  /** The run, which has to own the key. */
  readonly runId: string;
  /** Ranges of the source that the load completes. */
  readonly ranges: readonly DoneRange[];
  /** Fate of these items, if the context of the load has it. */
  readonly counts?: FinishedCounts | undefined;
  /** The mark is part of the commit; without it the rows are committed alone, and the run marks them. */
  readonly isMarked: boolean;
  /** No run has told of the call that it belongs to: the context was made by hand. */
  readonly isByHand?: boolean;
}

/**
 * The mark of a load.
 * @param key The key of the checkpoint: `context.batch.key`, which is there.
 * @param isMarked What `sinkLoads` told: whether the mark has to be part of the commit.
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
