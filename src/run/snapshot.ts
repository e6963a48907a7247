import type { Guarantee, Outcome, RunReport } from "../report-types.ts";
import type { RunSnapshot, StageName, StageTimes } from "../report-types.ts";
import { blankCheckpoint, finishedIn } from "../checkpoints/checkpoint.ts";
import { perSecond } from "../explain/quantities.ts";
import { isWorkerd } from "../runtime/detect.ts";
import { describeFailure, type Failure } from "./failures.ts";
import type { Flow } from "./flow.ts";
import type { RunResources } from "./run-resources.ts";

/** Returns the progress of a run. */
export function snapshotOf<E, T>(
  resources: RunResources<E, T>,
  { state, startedAt }: Pick<RunSnapshot, "state" | "startedAt">,
  flow: Flow<E, T>,
): RunSnapshot {
  const { context, checkpointWriter, begin } = resources;
  const { pipeline: name, runId, checkpoint: found } = context;
  const { extracted, counts, queues } = flow;
  const { loaded, rows, skipped, deadLettered, returned, done, batches, retries } = counts;
  const now = performance.now(); // One for all, so that the times add up.
  const duration = now - begin;
  const { stages, rate: lately, latency } = flow.metrics.read(now);
  const rate = state === "ended" ? perSecond(done, duration) : lately;
  const { items = NaN, ...expected } = expectedIn(resources, flow);
  const isForeseen = items < Infinity && rate > 0 && state === "running";
  const branches = counts.branches.read();
  return told<RunSnapshot>({
    name,
    runId,
    state,
    extracted,
    loaded,
    skipped,
    deadLettered,
    returned,
    earlier: finishedIn(found ?? blankCheckpoint),
    earlierCounts: found?.counts,
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
    branches: Object.keys(branches).length > 0 ? branches : undefined,
    latency,
    ...expected,
    eta: isForeseen ? Math.max(0, items - done) / rate * 1000 : undefined,
    checkpoint: checkpointWriter?.checkpoint,
  });
}

/** The fields, but for those of which nothing is known. */
function told<F extends object>(fields: { readonly [K in keyof F]: F[K] | undefined }): F {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as F;
}

/** Returns the report of a run that has ended. */
interface RunEnd {
  readonly outcome: Outcome;
  readonly guarantee: Guarantee;
  readonly failure: Failure | undefined;
}

/** The last snapshot of a run, with how it ended. */
export function reportOf<E, T>(
  snapshot: RunSnapshot,
  { outcome, guarantee, failure }: RunEnd,
  resources: Pick<RunResources<E, T>, "pipeline" | "settings" | "key">,
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
  return told<RunReport>({
    ...counts,
    key: resources.key,
    partition: resources.settings.partition,
    stages,
    outcome,
    failure: failure && describeFailure(failure),
    deadLetterReasons: flow.counts.reasons.read(),
    ...mappingOf(resources, flow),
    missing: outcome === "completed" && total > extracted ? total - extracted : undefined,
    bottleneck,
    workers,
    guarantee,
    clock,
    trace,
  });
}

/** Kind of calls of the transform. */
function mappingOf<E, T>(
  { pipeline, settings: { concurrency } }: Pick<RunResources<E, T>, "pipeline" | "settings">,
  { isAsync }: Flow<E, T>,
): Pick<RunReport, "mapping" | "concurrency"> {
  if (pipeline.transformBatch !== undefined) return { mapping: "batch" };
  if (pipeline.transform === undefined) return {};
  return isAsync ? { mapping: "async", concurrency } : { mapping: "sync" };
}

/** Work of this run: items, or the bytes of its source with the items that these may be. */
function expectedIn<E, T>(
  { expected, settings: { total, resume }, context: { checkpoint: found } }: RunResources<E, T>,
  flow: Flow<E, T>,
): Pick<RunSnapshot, "total" | "bytes"> & { readonly items?: number } {
  const said = expected.read();
  if (typeof total === "object") {
    const { bytesRead, bytesSkipped = 0 } = flow.source;
    if (said === undefined || bytesRead === undefined) return {};
    const items = flow.extracted * (said - bytesSkipped) / bytesRead;
    return { bytes: { read: bytesRead + bytesSkipped, total: said }, items };
  }
  const all = said ?? flow.total;
  if (all === undefined || all === Infinity) return {};
  const { offset, done } = found ?? blankCheckpoint;
  // An array that begins at the checkpoint has nothing of what comes before.
  const isRest = said === undefined && resume === "source";
  const items = Math.max(0, all - finishedIn({ offset: isRest ? 0 : offset, done }));
  return { total: items, items };
}
