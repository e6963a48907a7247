import { fail } from "../../options.ts";
import type { ManagerReport, SkippedReport } from "../../manager-report-types.ts";
import type {
  DeadLetterReason,
  ItemCounts,
  Outcome,
  RunFailure,
  RunReport,
  RunTrace,
  StageTimes,
  TracedBatch,
} from "../../report-types.ts";
import { stageNames } from "./shares.ts";

/** An object of unknown shape, such as a report that was read from JSON. */
export type Unknown = Readonly<Record<string, unknown>>;

const counts = ["extracted", "loaded", "skipped", "deadLettered", "pending"] as const;
const finished = ["loaded", "skipped", "deadLettered"] as const;
const figures = ["batches", "retries", "startedAt", "duration", "rate", "workers"] as const;
const ends = ["total", "completed", "dead", "cancelled"] as const;
const quantiles = ["p50", "p90", "p99", "max"] as const;
const shares = ["busy", "starved", "blocked", "backoff", "limited"] as const;
const rowCounts = ["inserted", "updated", "written", "unchanged", "deleted"] as const;
const branchCounts = ["given", "loaded", "retries", "deadLettered"] as const;
const moments = ["batchedAt", "transformedAt", "loadStartedAt", "endedAt"] as const;

/**
 * Reads the report of a run or of a manager from any origin. It ensures that numbers are numbers and
 * texts are texts, which are escaped when shown. Unused properties are dropped.
 *
 * @throws {ConfigurationError} If it is not a report.
 */
export function plainReport(
  action: string,
  report: unknown,
): RunReport | ManagerReport | ReportedJob {
  const fields = objectOf(report);
  if (!Array.isArray(fields.reports)) {
    return isObject(fields.partitions)
      ? plainJob(fields)
      : plainRun(action, report, "a report of run() or runAll(), or of a job");
  }
  const reports = fields.reports.map((each): RunReport | SkippedReport => {
    const { stages, name, after } = objectOf(each);
    if (isObject(stages) || !isObject(each)) return plainRun(action, each);
    return { name: text(name), outcome: "skipped", ...(isText(after) && { after }) };
  });
  return { reports, outcome: text(fields.outcome) as ManagerReport["outcome"] };
}

/** Dead partition of a job, with its last error. */
export type DeadPartition = Readonly<{
  partition: string;
  error?: string;
  failures: number;
  begun: number;
  loaded: number;
}>;

/** Report of a job to show: the subset of that of `millrace/jobs` that is used. */
export interface ReportedJob extends ItemCounts {
  /** The name of the job. */
  readonly name: string;
  /** Its outcome. */
  readonly outcome: Outcome;
  /** Reason of the cancellation, if one was given. */
  readonly reason?: string;
  /** Number of partitions by outcome. */
  readonly partitions: Readonly<Record<"total" | "completed" | "dead" | "cancelled", number>>;
  /** The partitions that failed too often. */
  readonly dead: readonly DeadPartition[];
  /** Rows that were loaded. */
  readonly rows: number;
  /** Items that earlier runs finished, if their outcome is unknown. */
  readonly earlier: number;
  /** Its duration, in milliseconds. */
  readonly duration: number;
}

/** Reads the report of a job, or how far one is. */
export function plainJob(fields: Unknown): ReportedJob {
  const { name, outcome, reason, partitions, dead } = fields;
  return {
    ...numbers({ returned: 0, earlier: 0, rows: fields.loaded, ...fields }, [
      ...counts,
      ...(["returned", "earlier", "rows", "duration"] as const),
    ]),
    ...{ name: text(name), outcome: text(outcome) as Outcome },
    ...(isText(reason) && { reason }),
    partitions: numbers(objectOf(partitions), ends),
    dead: listOf(dead).map(({ partition, error, ...rest }) => ({
      partition: text(partition),
      ...(isText(error) && { error }),
      ...numbers(rest, ["failures", "begun", "loaded"]),
    })),
  };
}

/** Reads the report of one run. */
export function plainRun(action: string, report: unknown, rule = "a report of run()"): RunReport {
  const fields = objectOf(report);
  const stages = objectOf(fields.stages);
  if (fields.stages !== stages) fail(action, "report", rule, report);
  const { name, runId, outcome, bottleneck, guarantee, clock, mapping, latency, trace } = fields;
  const { failure, deadLetterReasons, drift, tables, branches, checkpoint, earlierCounts } = fields;
  return {
    ...numbers(fields, [...counts, ...figures]),
    ...optional(fields, ["concurrency", "missing", "total"]),
    // A report made by hand, or by an earlier version, may have none.
    ...numbers({ returned: 0, earlier: 0, rows: fields.loaded, ...fields }, [
      "returned",
      "earlier",
      "rows",
    ]),
    ...(isObject(earlierCounts) && { earlierCounts: numbers(earlierCounts, finished) }),
    ...{ name: text(name), runId: text(runId), key: text(fields.key ?? name) },
    ...(isText(fields.partition) && { partition: fields.partition }),
    outcome: text(outcome) as RunReport["outcome"],
    bottleneck: text(bottleneck) as RunReport["bottleneck"],
    guarantee: text(guarantee) as RunReport["guarantee"],
    clock: clock === "still" ? clock : "running",
    ...(isText(mapping) && { mapping: mapping as "sync" | "async" | "batch" }),
    stages: {
      extract: timesOf(stages.extract),
      transform: timesOf(stages.transform),
      load: timesOf(stages.load),
    },
    ...{ inFlight: { transform: 0, load: 0 }, queued: { items: 0, batches: 0 } },
    ...(isObject(latency) && { latency: numbers(latency, quantiles) }),
    ...(isObject(failure) && { failure: failureOf(failure) }),
    deadLetterReasons: listOf(deadLetterReasons).map(reasonOf),
    drift: Object.fromEntries(Object.entries(objectOf(drift)).map(([key, n]) => [key, number(n)])),
    tables: countsByName(tables, rowCounts),
    ...(isObject(branches) && { branches: countsByName(branches, branchCounts) }),
    ...(isObject(checkpoint) && {
      checkpoint: { offset: number(checkpoint.offset), done: [], updatedAt: 0 },
    }),
    ...(isObject(trace) && { trace: traceOf(trace) }),
  };
}

function countsByName<K extends string>(
  value: unknown,
  names: readonly K[],
): Record<string, { [Name in K]?: number }> {
  const entries = Object.entries(objectOf(value));
  return Object.fromEntries(entries.map(([key, n]) => [key, optional(objectOf(n), names)]));
}

/** Returns true for the report of a manager. */
export function isOfManager(report: object): report is ManagerReport {
  return "reports" in report;
}

/** Returns true for the report of a job. */
export function isOfJob(report: object): report is ReportedJob {
  return "partitions" in report;
}

/** Returns true if a pipeline of a manager was run. */
export function wasRun(report: RunReport | SkippedReport): report is RunReport {
  return "stages" in report;
}

function timesOf(times: unknown): StageTimes {
  const fields = objectOf(times);
  return { ...numbers(fields, ["busy", "starved", "blocked"]), ...optional(fields, shares) };
}

function failureOf({ stage, message, code, attempts, batch }: Unknown): RunFailure {
  return {
    ...{ stage: text(stage) as RunFailure["stage"], message: text(message) },
    ...((isText(code) || typeof code === "number") && { code }),
    attempts: number(attempts),
    ...(isObject(batch) && { batch: numbers(batch, ["sequence", "offset", "size"]) }),
  };
}

function reasonOf({ message, stage, count, offset }: Unknown): DeadLetterReason {
  return {
    ...{ message: text(message), stage: text(stage) as DeadLetterReason["stage"] },
    ...{ count: number(count), offset: number(offset) },
  };
}

function traceOf({ every, interval, done, batches }: Unknown): RunTrace {
  const length = number(interval);
  return {
    every: number(every),
    batches: listOf(batches).map(batchOf),
    interval: length > 0 ? length : 1,
    done: Array.isArray(done) ? done.map((count) => number(count) || 0) : [],
  };
}

function batchOf(batch: Unknown): TracedBatch {
  const { lane, ...facts } = numbers(batch, [
    ...(["sequence", "lane", "size", "retries", "deadLettered"] as const),
    ...moments,
  ]);
  return { ...facts, lane: Number.isSafeInteger(lane) && lane >= 0 ? lane : 0 };
}

/** Returns numbers by name; other values become `NaN`. */
export function numbers<K extends string>(fields: Unknown, names: readonly K[]): Record<K, number> {
  const entries = names.map((name) => [name, number(fields[name])]);
  return Object.fromEntries(entries) as Record<K, number>;
}

function optional<K extends string>(
  fields: Unknown,
  names: readonly K[],
): Partial<Record<K, number>> {
  return numbers(fields, names.filter((name) => typeof fields[name] === "number"));
}

/** Returns a number, or nothing for any other value. */
function number(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}

/** Returns a text; other values become `"?"`. */
export function text(value: unknown): string {
  return isText(value) ? value : "?";
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Returns the objects of an array; empty for other values. */
export function listOf(value: unknown): readonly Unknown[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Returns an object; an empty one for other values. */
export function objectOf(value: unknown): Unknown {
  return isObject(value) ? value : {};
}

/** Returns true for an object. */
export function isObject(value: unknown): value is Unknown {
  return typeof value === "object" && value !== null;
}

/** The bottleneck, where it is one of the stages. */
export function isStage(name: string): name is RunReport["bottleneck"] {
  return (stageNames as readonly string[]).includes(name);
}
