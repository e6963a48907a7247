import type { Guarantee, Outcome, RunReport, RunSnapshot, StageName } from "../run-report.ts";

/** The last snapshot of a run, with how it ended. */
export function reportOf(snapshot: RunSnapshot, outcome: Outcome, guarantee: Guarantee): RunReport {
  const { state: _, stages, ...counts } = snapshot;
  const names: StageName[] = ["extract", "transform", "load"];
  const [bottleneck = "extract"] = names.sort((a, b) => stages[b].busy - stages[a].busy);
  return { ...counts, stages, outcome, bottleneck, guarantee };
}
