import { explain } from "../../explain/explain.ts";
import { earlierOf, endOf } from "../../explain/explain-end.ts";
import { time } from "../../explain/quantities.ts";
import type { RunReport } from "../../report-types.ts";
import { latencies, throughput } from "./charts.ts";
import { branchesCard, driftCard, failureCard, prose, reasonsCard, tablesCard } from "./ends.ts";
import { label } from "./markup.ts";
import { pipelineRow } from "./pipeline-row.ts";
import { copied, setupCard } from "./setup.ts";
import { tiles } from "./tiles.ts";
import { waterfall } from "./waterfall.ts";

const badges: Readonly<Record<string, readonly [mark: string, tone: string]>> = {
  completed: ["✓", ""],
  drained: ["◐", " warn"],
  paused: ["‖", " warn"],
  aborted: ["■", " bad"],
  failed: ["✕", " bad"],
  skipped: ["–", " warn"],
  ...{
    running: ["●", ""],
    draining: ["◐", " warn"],
    aborting: ["■", " bad"],
    ended: ["■", " calm"],
  },
  waiting: ["○", " calm"],
};

/** Badge of an outcome or a state. */
export function badge(outcome: string): string {
  const [mark, tone] = badges[Object.hasOwn(badges, outcome) ? outcome : "skipped"]!;
  const word = label(outcome, 20);
  return `<span class="badge${tone}" data-outcome="${word}">` +
    `<span aria-hidden="true">${mark}</span>${word}</span>`;
}

/** Line about the time, duration and host of a run. */
export function facts(report: RunReport, host?: string): string {
  const { outcome, startedAt, duration, runId } = report;
  const told = [instant(startedAt), `took ${time(duration)}`, `run ${copied(runId)}`];
  return endFacts(outcome, host, told);
}

/** Line with a badge of the outcome and further HTML. */
export function endFacts(
  outcome: string,
  host: string | undefined,
  told: readonly string[],
): string {
  const all = host === undefined ? told : [...told, `<bdi>${label(host, 120)}</bdi>`];
  return `<p class="facts">${badge(outcome)}${
    all.map((each) => `<span>${each}</span>`).join("")
  }</p>`;
}

/** All about one run, below its heading. */
export function runBody(id: string, report: RunReport): string {
  // A failure with its advice, reasons, columns and rows have cards of their own: told once.
  const { failure, branches: _, ...rest } = report;
  const short: RunReport = { ...rest, deadLetterReasons: [], drift: {}, tables: {} };
  const words = failure === undefined
    ? explain(short)
    : [...endOf(short), ...earlierOf(short)].filter((part) => part !== "").join(" ");
  return `${failureCard(id, report)}
<div class="card words"><h3>In words</h3><p data-explanation>${prose(words)}</p></div>
${reasonsCard(report)}${driftCard(report)}
${pipelineRow(id, report)}
${tiles(report)}
${tablesCard(report)}${branchesCard(report)}
${pictures(id, report)}
${setupCard(report)}`;
}

function pictures(id: string, report: RunReport): string {
  const { trace, outcome } = report;
  if (trace === undefined) {
    return `<p class="card note" data-hint="trace">Throughput over time, the latency of each batch ` +
      `and the batches over the workers are shown for a run with the option ` +
      `<code>trace: true</code>.</p>`;
  }
  if (trace.batches.length === 0) {
    const when = outcome === "completed" ? "" : ` before the run ${label(outcome, 20)}`;
    return `<p class="card note" data-hint="empty">No batch was finished${when}, so that there is ` +
      `nothing to draw over time.</p>`;
  }
  return [
    throughput(`${id}-throughput`, report, trace),
    waterfall(`${id}-waterfall`, report, trace),
    latencies(`${id}-latency`, report, trace),
  ].join("\n");
}

/** A moment in universal time, as a page that is kept is read elsewhere. */
function instant(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "at an unknown time";
  return `<time>${date.toISOString().slice(0, 19).replace("T", " ")} UTC</time>`;
}
