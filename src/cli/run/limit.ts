import type { ChunkReader } from "../../adapters/operators/chunk-reader.ts";
import { chunksOf, openReader, tellingBytesOf } from "../../adapters/operators/source.ts";
import { Etl } from "../../etl/etl.ts";
import { fail } from "../../options.ts";
import type { Extracted, PipelineContext } from "../../pipeline/pipeline.ts";
import type { Checkpoint } from "../../report-types.ts";
import type { Chunks } from "../../streams/chunks.ts";
import type { Source } from "../../streams/source.ts";
import { withMembers } from "./wrapped.ts";

/** A pipeline whose source ends early. */
export interface Limited {
  /** The pipeline. */
  readonly etl: Etl<unknown, unknown>;
  /** Is called when the source has given as many items as were asked for. */
  onReached: () => void;
}

/**
 * A pipeline that reads `limit` items which no earlier run has finished, then calls `onReached` and
 * gives no more. That is to drain the run: its source has not ended, so it must not complete.
 */
export function limited(
  etl: Etl<unknown, unknown>,
  limit: number,
  resume: "skip" | "source",
): Limited {
  const { pipeline } = etl;
  const left = { items: limit }; // Of all readings: a source that fails may be opened again.
  const result: { etl: Etl<unknown, unknown>; onReached: () => void } = {
    etl,
    onReached: () => {},
  };
  const extract = async (context: PipelineContext): Promise<Extracted<unknown>> => {
    const source = await pipeline.extract(context);
    if ("lend" in Object(source)) {
      const rule = "omitted for a leased source: '--set budget.items=n' ends after the batch";
      fail(`run pipeline "${pipeline.name}"`, "--limit", rule, limit);
    }
    const isDone = finishedIn(context.checkpoint, resume);
    return endingAfter(source as Source<unknown>, left, isDone, () => result.onReached());
  };
  result.etl = new Etl(withMembers(pipeline, { extract }), etl.defaults);
  return result;
}

/** Tells whether earlier runs have finished the next item: asked once for each. */
function finishedIn(checkpoint: Checkpoint | undefined, resume: "skip" | "source"): () => boolean {
  const { offset = 0, done = [] } = checkpoint ?? {};
  let place = resume === "source" ? offset : 0;
  return () => {
    const here = place++;
    return here < offset || done.some(([from, to]) => here >= from && here < to);
  };
}

function endingAfter(
  source: Source<unknown>,
  left: { items: number },
  isDone: () => boolean,
  onReached: () => void,
): Chunks<unknown> {
  let reader: ChunkReader<unknown> | undefined;
  const open = (): ChunkReader<unknown> => {
    reader ??= openReader(source, ["run a pipeline", "extract", "a function that returns "]);
    const inner = reader;
    return { // What is read stays the same: only where it ends is another place.
      async next(most) {
        if (left.items <= 0) {
          onReached();
          await inner.cancel(undefined);
          return undefined;
        }
        const items = await inner.next(most);
        if (items === undefined) return undefined;
        let size = 0;
        for (; size < items.length && left.items > 0; size++) if (!isDone()) left.items--;
        return size === items.length ? items : items.slice(0, size);
      },
      cancel: (reason) => inner.cancel(reason),
    };
  };
  const { checkTerms } = Object(source) as Chunks<unknown>;
  return tellingBytesOf(source, chunksOf(open, checkTerms?.bind(source)));
}
