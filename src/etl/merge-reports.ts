import { fail } from "../options.ts";
import { perSecond } from "../explain/quantities.ts";
import type {
  DeadLetterReason,
  FinishedCounts,
  Guarantee,
  Outcome,
  RunReport,
  StageName,
  StageTimes,
} from "../report-types.ts";
import { others } from "../run/names-within.ts";
import { Tally } from "../run/tally.ts";

/** Outcomes from best to worst: several runs have done no better than the worst of them. */
const outcomes: Readonly<Record<Outcome, number>> = {
  "completed": 0,
  "paused": 1,
  "drained": 2,
  "aborted": 3,
  "failed": 4,
};
const guarantees: Readonly<Record<Guarantee, number>> = {
  "effectively-once": 0,
  "at-least-once": 1,
  "at-most-once": 2,
};
const stageNames: readonly StageName[] = ["extract", "transform", "load"];

/**
 * Adds up the reports of runs that did one piece of work together: the partitions of a pipeline, on one
 * machine or many, or runs that followed each other. The result is a report like any other, for
 * `explain` and for the page.
 *
 * Items, rows, calls and workers are sums, as are `drift`, `tables`, `branches` and the reasons of dead
 * letters. `duration` runs from the first start to the last end, by the clocks of the machines, and the
 * times of each stage add up to it. The outcome and the guarantee are the worst of all, and `failure`
 * is the first one. Name, key and run id are those of the first report. `latency`, `checkpoint`,
 * `trace` and `partition` are omitted, as no single value describes all runs.
 *
 * `earlier` is also a sum. For runs that followed each other, it counts the items of the first run once
 * for each later run.
 *
 * @example Two partitions
 * ```ts
 * import { etl, mergeReports } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * const part = (items: number[]) =>
 *   etl({ name: "numbers", extract: () => items, load: () => {} }).run();
 * const { loaded, outcome } = mergeReports([await part([1, 2, 3]), await part([4, 5])]);
 * equal(loaded, 5);
 * equal(outcome, "completed");
 * ```
 *
 * @throws {ConfigurationError} If there is no report.
 */
export function mergeReports(reports: readonly RunReport[]): RunReport {
  const [first] = reports;
  if (first === undefined) {
    fail("merge reports", "reports", "a non-empty array of reports", reports);
  }
  const sum = (of: (report: RunReport) => number | undefined) =>
    reports.reduce((total, report) => total + (of(report) ?? 0), 0);
  let [startedAt, endedAt] = [Infinity, -Infinity]; // Not spread into a call, which limits its arguments.
  for (const report of reports) {
    startedAt = Math.min(startedAt, report.startedAt);
    endedAt = Math.max(endedAt, report.startedAt + report.duration);
  }
  const duration = endedAt - startedAt;
  const { name, runId, key } = first;
  const counts = {
    extracted: sum(({ extracted }) => extracted),
    loaded: sum(({ loaded }) => loaded),
    skipped: sum(({ skipped }) => skipped),
    deadLettered: sum(({ deadLettered }) => deadLettered),
    returned: sum(({ returned }) => returned),
    pending: sum(({ pending }) => pending),
  };
  const failure = reports.find((report) => report.failure !== undefined)?.failure;
  const missing = sum((report) => report.missing);
  return {
    ...{ name, runId, key, startedAt, duration, ...counts },
    ...stagesOf(sum, duration / (sum((report) => report.duration) || 1)),
    outcome: worst(outcomes, reports.map(({ outcome }) => outcome)),
    guarantee: worst(guarantees, reports.map(({ guarantee }) => guarantee)),
    clock: reports.some(({ clock }) => clock === "still") ? "still" : "running",
    rate: perSecond(counts.extracted - counts.pending, duration),
    earlier: sum(({ earlier }) => earlier),
    ...earlierCountsOf(reports),
    rows: sum(({ rows }) => rows),
    batches: sum(({ batches }) => batches),
    retries: sum(({ retries }) => retries),
    workers: sum(({ workers }) => workers),
    ...{ inFlight: { transform: 0, load: 0 }, queued: { items: 0, batches: 0 } },
    ...talliesOf(reports),
    deadLetterReasons: reasonsOf(reports),
    ...(failure && { failure }),
    ...(missing > 0 && { missing }),
  };
}

function worst<T extends string>(order: Readonly<Record<T, number>>, found: readonly T[]): T {
  return found.reduce((a, b) => order[b] > order[a] ? b : a);
}

/** Shares the times of a stage, as between its workers, so that they add up to the total time. */
function stagesOf(
  sum: (of: (report: RunReport) => number | undefined) => number,
  share: number,
): Pick<RunReport, "stages" | "bottleneck"> {
  const timesOf = (stage: StageName): StageTimes => {
    const all = (time: keyof StageTimes) => share * sum(({ stages }) => stages[stage][time]);
    const [backoff, limited] = [all("backoff"), all("limited")];
    return {
      ...{ busy: all("busy"), starved: all("starved"), blocked: all("blocked") },
      ...(backoff > 0 && { backoff }),
      ...(limited > 0 && { limited }),
    };
  };
  const stages = {
    extract: timesOf("extract"),
    transform: timesOf("transform"),
    load: timesOf("load"),
  };
  const taken = (stage: StageName) => {
    const { busy, backoff = 0, limited = 0 } = stages[stage];
    return busy + backoff + limited;
  };
  const [bottleneck = "load"] = [...stageNames].sort((a, b) => taken(b) - taken(a));
  return { stages, bottleneck };
}

/** Returns the fate of earlier items, if all reports with such items contain it. */
function earlierCountsOf(reports: readonly RunReport[]): { earlierCounts?: FinishedCounts } {
  const known = reports.filter(({ earlier }) => earlier > 0).map((report) => report.earlierCounts);
  if (known.length === 0 || known.includes(undefined)) return {};
  const sum = (count: keyof FinishedCounts) =>
    known.reduce((total, counts) => total + counts![count], 0);
  return {
    earlierCounts: {
      loaded: sum("loaded"),
      skipped: sum("skipped"),
      deadLettered: sum("deadLettered"),
    },
  };
}

function talliesOf(
  reports: readonly RunReport[],
): Pick<RunReport, "drift" | "tables" | "branches"> {
  const [drift, tables, branches] = [new Tally<number>(), new Tally(), new Tally()];
  for (const report of reports) {
    drift.add(report.drift);
    tables.add(report.tables);
    branches.add(report.branches ?? {});
  }
  const all = branches.read() as NonNullable<RunReport["branches"]>;
  return {
    drift: drift.read(),
    tables: tables.read() as RunReport["tables"],
    ...(Object.keys(all).length > 0 && { branches: all }),
  };
}

/** Groups the reasons of all reports again: at most 20 kinds, and the rest as one. */
function reasonsOf(reports: readonly RunReport[]): readonly DeadLetterReason[] {
  const groups = new Map<string, DeadLetterReason>();
  for (const reason of reports.flatMap(({ deadLetterReasons }) => deadLetterReasons)) {
    const key = reason.message === others ? others : `${reason.stage} ${reason.message}`;
    const known = groups.get(key);
    groups.set(key, { ...known ?? reason, count: (known?.count ?? 0) + reason.count });
  }
  const rest = groups.get(others);
  groups.delete(others);
  const named = [...groups.values()].sort((a, b) => b.count - a.count);
  const [told, more] = [named.slice(0, 20), [...named.slice(20), ...(rest ? [rest] : [])]];
  if (more.length === 0) return told;
  const count = more.reduce((total, reason) => total + reason.count, 0);
  return [...told, { ...more[0]!, message: others, count }];
}
