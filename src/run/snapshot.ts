import type { Guarantee, Outcome, RunReport } from "../report-types.ts";
import type { RunSnapshot, StageName, StageTimes } from "../report-types.ts";
import { blankCheckpoint, finishedIn } from "../checkpoints/checkpoint.ts";
import { perSecond } from "../explain/quantities.ts";
import { isWorkerd } from "../runtime/detect.ts";
import { describeFailure, type Failure } from "./failures.ts";
import type { Flow } from "./flow.ts";
import type { RunResources } from "./run-resources.ts";

/** How far a run is. */
export function snapshotOf<E, T>(
  resources: RunResources<E, T>,
  { state, startedAt }: Pick<RunSnapshot, "state" | "startedAt">,
  flow: Flow<E, T>,
): RunSnapshot {
  const { context, checkpointWriter, begin } = resources;
  const { pipeline: name, runId, checkpoint: found } = context;
  const { extracted, counts, queues } = flow;
  const { loaded, rows, skipped, deadLettered, done, batches, retries } = counts;
  const now = performance.now(); // One for all, so that the times add up.
  const duration = now - begin;
  const { stages, rate: lately, latency } = flow.metrics.read(now);
  const rate = state === "ended" ? perSecond(done, duration) : lately;
  const [total, bytes] = totalOf(resources, flow);
  const left = total === undefined ? itemsLeft(bytes, flow) : total - done;
  const isForeseen = left !== undefined && rate > 0 && state === "running";
  const eta = isForeseen ? Math.max(0, left) / rate * 1000 : undefined;
  const checkpoint = checkpointWriter?.checkpoint;
  const branches = counts.branches.read();
  return {
    name,
    runId,
    state,
    extracted,
    loaded,
    skipped,
    deadLettered,
    earlier: finishedIn(found ?? blankCheckpoint),
    ...(found?.counts && { earlierCounts: found.counts }),
    pending: extracted - done,
    rows,
    batches,
    retries,
    startedAt,
    duration,
    stages,
    rate,
    ...queues,
    drift: counts.drift.read(),
    tables: counts.tables.read(),
    ...(Object.keys(branches).length > 0 && { branches }),
    ...(latency !== undefined && { latency }),
    ...(total !== undefined && { total }),
    ...(bytes !== undefined && { bytes: { read: bytes.read + bytes.skipped, total: bytes.total } }),
    ...(eta !== undefined && { eta }),
    ...(checkpoint !== undefined && { checkpoint }),
  };
}

/** How a run ended. */
interface RunEnd {
  readonly outcome: Outcome;
  readonly guarantee: Guarantee;
  readonly failure: Failure | undefined;
}

/** The last snapshot of a run, with how it ended. */
export function reportOf<E, T>(
  snapshot: RunSnapshot,
  { outcome, guarantee, failure }: RunEnd,
  resources: Pick<RunResources<E, T>, "pipeline" | "settings">,
  flow: Flow<E, T>,
): RunReport {
  const { state: _, stages, ...counts } = snapshot;
  const { total = 0, extracted } = counts;
  const names: StageName[] = ["extract", "transform", "load"];
  // A stage that waits for its own attempts and limits holds up the others as one that works.
  const taken = ({ busy, backoff = 0, limited = 0 }: StageTimes) => busy + backoff + limited;
  const [bottleneck = "extract"] = names.sort((a, b) => taken(stages[b]) - taken(stages[a]));
  const clock = isWorkerd() ? "still" : "running";
  const { trace, workers } = flow.metrics;
  return {
    ...counts,
    stages,
    outcome,
    ...(failure !== undefined && { failure: describeFailure(failure) }),
    deadLetterReasons: flow.counts.reasons.read(),
    ...mappingOf(resources, flow),
    ...(outcome === "completed" && total > extracted && { missing: total - extracted }),
    bottleneck,
    workers,
    guarantee,
    clock,
    ...(trace !== undefined && { trace }),
  };
}

/** How the transform was called. */
function mappingOf<E, T>(
  { pipeline, settings: { concurrency } }: Pick<RunResources<E, T>, "pipeline" | "settings">,
  { isAsync }: Flow<E, T>,
): Pick<RunReport, "mapping" | "concurrency"> {
  if (pipeline.transformBatch !== undefined) return { mapping: "batch" };
  if (pipeline.transform === undefined) return {};
  return isAsync ? { mapping: "async", concurrency } : { mapping: "sync" };
}

/** The bytes of a source. */
interface Bytes {
  readonly read: number;
  readonly skipped: number;
  readonly total: number;
}

/** The items that this run is to do, or the bytes that its source has, where that is known. */
function totalOf<E, T>(
  { expected, settings: { resume }, context: { checkpoint: found } }: RunResources<E, T>,
  { total: own, source }: Flow<E, T>,
): [items?: number | undefined, bytes?: Bytes] {
  const said = expected.read();
  if (expected.isOfBytes) {
    const { bytesRead: read, bytesSkipped: skipped = 0 } = source;
    return said === undefined || read === undefined ? [] : [, { read, skipped, total: said }];
  }
  const all = said ?? own;
  if (all === undefined || all === Infinity) return [];
  const { offset, done } = found ?? blankCheckpoint;
  // An array that begins at the checkpoint has nothing of what comes before.
  const isRest = said === undefined && resume === "source";
  return [Math.max(0, all - finishedIn({ offset: isRest ? 0 : offset, done }))];
}

/** How many items are left, by how many there were in the bytes that were read. */
function itemsLeft<E, T>(
  bytes: Bytes | undefined,
  { extracted, counts }: Flow<E, T>,
): number | undefined {
  if (bytes === undefined || bytes.read === 0) return undefined;
  const { read, skipped, total } = bytes;
  return extracted * (total - skipped) / read - counts.done;
}
