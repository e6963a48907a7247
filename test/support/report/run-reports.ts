import type {
  RunReport,
  RunTrace,
  StageName,
  StageTimes,
  TracedBatch,
} from "../../../src/index.ts";

/** Shares of the time of a stage; what is left over is starved. */
type Shares = Partial<Record<"busy" | "blocked" | "backoff" | "limited", number>>;

/** What a report is to say; the rest is that of a quiet run of one second. */
export type ReportParts = Partial<Omit<RunReport, "stages">> & Partial<Record<StageName, Shares>>;

/** The report of a run of one second in which 1000 items were loaded in 20 batches. */
export function runReport({ extract, transform, load, ...parts }: ReportParts = {}): RunReport {
  const duration = parts.duration ?? 1000;
  const lanes = parts.trace?.batches.map(({ lane }) => lane + 1) ?? [4];
  return {
    ...{ name: "orders", runId: "run-1", key: "orders", outcome: "completed" },
    ...{ extracted: 1000, loaded: 1000 },
    ...{ rows: parts.loaded ?? 1000, skipped: 0, deadLettered: 0, returned: 0 },
    ...{ pending: 0, earlier: 0 },
    ...{ batches: 20, retries: 0, drift: {}, tables: {} },
    ...{ startedAt: Date.UTC(2026, 0, 2, 3, 4, 5), duration, rate: 1000, bottleneck: "load" },
    ...{
      workers: Math.max(1, ...lanes),
      guarantee: "at-least-once",
      clock: "running",
      deadLetterReasons: [],
    },
    ...{ inFlight: { transform: 0, load: 0 }, queued: { items: 0, batches: 0 } },
    stages: {
      extract: times(duration, extract),
      transform: times(duration, transform),
      load: times(duration, load),
    },
    ...parts,
  };
}

function times(duration: number, shares: Shares = {}): StageTimes {
  const { busy = 0, blocked = 0, backoff = 0, limited = 0 } = shares;
  return {
    busy: busy * duration,
    starved: (1 - busy - blocked - backoff - limited) * duration,
    blocked: blocked * duration,
    ...(backoff > 0 && { backoff: backoff * duration }),
    ...(limited > 0 && { limited: limited * duration }),
  };
}

/** A batch of 50 items in a trace, by its four times. */
export function tracedBatch(
  sequence: number,
  [batchedAt, transformedAt, loadStartedAt, endedAt]: readonly [number, number, number, number],
  parts: Partial<TracedBatch> = {},
): TracedBatch {
  const counts = { size: 50, retries: 0, deadLettered: 0 };
  return {
    sequence,
    lane: 0,
    ...counts,
    batchedAt,
    transformedAt,
    loadStartedAt,
    endedAt,
    ...parts,
  };
}

/** A trace of 20 batches on so many lanes, whose loads take turns and overlap. */
export function runTrace(lanes: number, parts: Partial<RunTrace> = {}): RunTrace {
  const batches = Array.from({ length: 20 }, (_, sequence) => {
    const loadStartedAt = 10 + sequence * 45;
    const times = [
      loadStartedAt - 8,
      loadStartedAt - 5,
      loadStartedAt,
      loadStartedAt + 45 * lanes - 1,
    ] as const;
    return tracedBatch(sequence, times, { lane: sequence % lanes });
  });
  const done = Array.from({ length: 16 }, (_, index) => index < 15 ? 64 : 40);
  return { every: 1, batches, interval: 64, done, ...parts };
}

const latency = { p50: 52, p90: 60, p99: 150, max: 180 };

/** The report of a run in which something of everything happened, with a trace of four workers. */
export const richReport: RunReport = runReport({
  extract: { busy: 0.31, blocked: 0.6 },
  transform: { busy: 0.125, blocked: 0.5, backoff: 0.05 },
  load: { busy: 0.8, limited: 0.1, backoff: 0.04 },
  ...{ extracted: 1010, loaded: 1000, skipped: 7, deadLettered: 3, retries: 12, latency },
  trace: {
    ...runTrace(4),
    batches: runTrace(4).batches.map((batch, index) =>
      index === 3 ? { ...batch, retries: 2 } : index === 5 ? { ...batch, deadLettered: 3 } : batch
    ),
  },
});
