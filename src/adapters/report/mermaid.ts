import { checkOptions, fail, type OptionTable } from "../../options.ts";
import { count, counted, percent, time } from "../../explain/quantities.ts";
import type { RunReport } from "../../report-types.ts";
import type { ManagerReport, SkippedReport } from "../../manager-report-types.ts";
import { plain } from "./markup.ts";
import type { RenderReportOptions } from "./render-report.ts";
import { isOfJob, isOfManager, isStage, plainReport, wasRun } from "./plain-report.ts";
import { checkAfter, dependencies, namesBefore } from "./timeline.ts";
import { sharesOf, stageNames } from "./shares.ts";

type FlowchartOptions = Pick<RenderReportOptions, "after">;

const action = "draw flowchart";
const options: OptionTable<FlowchartOptions> = { after: [dependencies, {}] };

/**
 * Returns a small Mermaid flowchart, for example for a README. For a run it shows the stages with their
 * shares of the time; for a manager, the pipelines and their order.
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule, or `report` is not a report.
 *
 * @example A flowchart of a run
 * ```ts
 * import { etl } from "millrace";
 * import { toMermaid } from "millrace/report";
 * import { equal } from "node:assert/strict";
 *
 * const report = await etl({ name: "films", extract: () => [1, 2, 3], load: () => {} }).run();
 * equal(toMermaid(report).startsWith("flowchart LR\n"), true);
 * ```
 */
export function toMermaid(
  report: RunReport | ManagerReport,
  settings: Pick<RenderReportOptions, "after"> = {},
): string {
  const { after } = checkOptions<FlowchartOptions>(action, settings, options);
  const known = plainReport(action, report);
  if (isOfJob(known)) fail(action, "report", "a report of run() or runAll()", report);
  const isOfAll = isOfManager(known);
  if (!isOfAll) checkAfter(action, settings.after);
  const lines = isOfAll ? ofManager(known, after) : ofRun(known);
  return `flowchart LR\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function ofRun(report: RunReport): string[] {
  const { name, extracted, batches, stages, bottleneck, failure } = report;
  const nodes = stageNames.map((stage) => {
    const busy = sharesOf(stages[stage]).find(({ state }) => state === "busy")!;
    return `${stage}["${stage}<br/>busy ${percent(busy.share).replace(/[<>]/, number)}"]`;
  });
  const [extract, transform, load] = nodes;
  return [
    `subgraph run["${quoted(name)}"]`,
    `  ${extract} -->|${counted(extracted, "item")}| bucket(["bucket"])`,
    `  bucket -->|${counted(batches, "batch", "batches")}| ${transform} --> ${load}`,
    ...lettersOf(report),
    "end",
    ...(failure === undefined ? [] : [
      `failed["${quoted(`failed in ${failure.stage}`)}<br/>${quoted(failure.message, 120)}"]`,
      `${isStage(failure.stage) ? failure.stage : "run"} -.-> failed`,
    ]),
    ...(isStage(bottleneck) && stages[bottleneck].busy > 0
      ? [`style ${bottleneck} stroke-width:3px`]
      : []),
  ];
}

function lettersOf({ deadLettered, deadLetterReasons }: RunReport): string[] {
  if (!(deadLettered > 0)) return [];
  const reasons = deadLetterReasons.slice(0, 3)
    .map((reason) => `<br/>${count(reason.count)} × ${quoted(reason.message, 60)}`);
  return [`  load -.->|${count(deadLettered)}| dead[("dead letters${reasons.join("")}")]`];
}

function ofManager({ reports }: ManagerReport, after: Record<string, readonly string[]>): string[] {
  const places = new Map(reports.map(({ name }, index) => [name, index]));
  const nodes = reports.map((report, index) =>
    `p${index}["${quoted(report.name)}<br/>${summary(report)}"]`
  );
  const arrows = reports.flatMap((report, index) =>
    namesBefore(report, after)
      .filter((name) => places.has(name) && name !== report.name)
      .map((name) => `p${places.get(name)} --> p${index}`)
  );
  return [...nodes, ...arrows];
}

function summary(report: RunReport | SkippedReport): string {
  if (!wasRun(report)) return "skipped";
  const { outcome, loaded, duration, failure } = report;
  const why = failure === undefined
    ? ""
    : `<br/>${quoted(`in ${failure.stage}: ${failure.message}`, 120)}`;
  return `${quoted(outcome)}, ${count(loaded)} loaded, ${time(duration)}${why}`;
}

function number(character: string): string {
  return `#${character.charCodeAt(0)};`;
}

/** A text within quotes: what Mermaid or Markdown could read in any way is given by its number. */
function quoted(text: string, columns = 40): string {
  return plain(text, columns).replaceAll(/[!-/:-@[-`{-~]/g, number);
}
