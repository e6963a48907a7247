import type { CheckpointKeeper } from "../resilience/checkpoint-keeper.ts";
import type { Checkpoint, Guarantee, Outcome, RunReport } from "../run-report.ts";
import type { RunSnapshot, StageName } from "../run-report.ts";
import type { Flow } from "./flow.ts";

/** What a run knows of itself, beside what moves through it. */
export interface RunFacts {
  readonly name: string;
  readonly runId: string;
  readonly state: RunSnapshot["state"];
  readonly startedAt: number;
  /** By the clock that durations are measured with. */
  readonly begin: number;
  readonly keeper: CheckpointKeeper | undefined;
  /** Items that earlier runs have finished, and that are among those to expect. */
  readonly earlier: number;
  /** The items to expect, by the options. */
  readonly total: number | undefined;
}

/** How far a run is. */
export function snapshotOf<E, T>(facts: RunFacts, flow: Flow<E, T>): RunSnapshot {
  const { name, runId, state, startedAt, begin, keeper, earlier } = facts;
  const { extracted, counts, gauges, queues } = flow;
  const { loaded, skipped, deadLettered, batches, retries } = counts;
  const done = loaded + skipped + deadLettered;
  const duration = performance.now() - begin;
  const total = facts.total ?? flow.total;
  const { rate: lately, latency, stages } = gauges;
  const rate = state === "ended" ? perSecond(done, duration) : lately;
  const isForeseen = total !== undefined && rate > 0 && state === "running";
  const eta = isForeseen ? Math.max(0, total - earlier - done) / rate * 1000 : undefined;
  const checkpoint = keeper?.checkpoint;
  return {
    ...{ name, runId, state, extracted, loaded, skipped, deadLettered },
    ...{
      pending: extracted - done,
      batches,
      retries,
      startedAt,
      duration,
      stages,
      rate,
      ...queues,
    },
    ...(latency !== undefined && { latency }),
    ...(total !== undefined && { total }),
    ...(eta !== undefined && { eta }),
    ...(checkpoint !== undefined && { checkpoint }),
  };
}

/** The last snapshot of a run, with how it ended. */
export function reportOf<E, T>(
  snapshot: RunSnapshot,
  outcome: Outcome,
  guarantee: Guarantee,
  flow: Flow<E, T>,
): RunReport {
  const { state: _, stages, ...counts } = snapshot;
  const names: StageName[] = ["extract", "transform", "load"];
  const [bottleneck = "extract"] = names.sort((a, b) => stages[b].busy - stages[a].busy);
  const { navigator } = globalThis as { navigator?: { userAgent: string } };
  const clock = navigator?.userAgent === "Cloudflare-Workers" ? "still" : "running";
  const { trace } = flow.gauges;
  return {
    ...{ ...counts, stages, outcome, bottleneck, guarantee, clock },
    ...(trace !== undefined && { trace }),
  };
}

/** How many items a checkpoint has as finished. */
export function finishedIn(checkpoint: Checkpoint | undefined): number {
  const { offset = 0, done = [] } = checkpoint ?? {};
  return done.reduce((sum, [from, to]) => sum + to - from, offset);
}

function perSecond(count: number, duration: number): number {
  return duration > 0 ? count / duration * 1000 : 0;
}
