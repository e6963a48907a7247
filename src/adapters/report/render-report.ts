import { anyObject, checkOptions, nonEmptyString, type OptionTable } from "../../options.ts";
import { counted, time } from "../../explain/quantities.ts";
import type { RunReport } from "../../report-types.ts";
import type { ManagerReport, SkippedReport } from "../../manager-report-types.ts";
import { failedList, totals } from "./manager-section.ts";
import { jobBody } from "./job-section.ts";
import { label } from "./markup.ts";
import { page, viewOf } from "./page.ts";
import { isOfJob, isOfManager, plainReport, type ReportedJob, wasRun } from "./plain-report.ts";
import { badge, endFacts, facts, runBody } from "./run-section.ts";
import { type GivenOptions, optionsCard } from "./setup.ts";
import { checkAfter, type Dependencies, dependencies, namesBefore, timeline } from "./timeline.ts";

/** Options of `renderReport`. */
export interface RenderReportOptions {
  /**
   * The heading of the page: a non-empty string. A title that is too long is cut.
   * @default {undefined} the name of the pipeline, or the number of pipelines
   */
  title?: string | undefined;
  /**
   * Order of the pipelines of a manager: for each name, the pipelines it comes after, as passed to
   * `add()`. The report does not contain it. Names that are not in the report are ignored.
   * @default {{}} only the order that skipped pipelines record
   */
  after?: Dependencies | undefined;
  /**
   * The options of the run or the manager, which the report does not contain. They are shown by name.
   * Functions, streams and stores are shown by their kind, and values that look like passwords are left
   * out.
   * @default {undefined} none are shown
   */
  options?: GivenOptions | undefined;
  /**
   * Environment of the run, in your own words: a non-empty string, such as
   * `"worker-3, Node 24.1.0, millrace 0.2.0"`.
   * @default {undefined} not shown
   */
  host?: string | undefined;
}

const action = "render report";
const options: OptionTable<RenderReportOptions> = {
  title: [nonEmptyString],
  after: [dependencies, {}],
  options: [anyObject, {}],
  host: [nonEmptyString],
};

/**
 * Renders a page about a run, about all pipelines of a manager, or about a job: one self-contained HTML
 * text without scripts, which can be archived, mailed, printed and read on a phone. The same report
 * always gives the same page. Charts over time need a run with the option `trace`.
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule, or `report` is not a report.
 *
 * @example A page about a run
 * ```ts
 * import { etl } from "millrace";
 * import { renderReport } from "millrace/report";
 * import { equal } from "node:assert/strict";
 *
 * const films = etl({ name: "films", extract: () => [1, 2, 3], load: () => {} });
 * const html = renderReport(await films.run({ trace: true }), { title: "Films of today" });
 * equal(html.startsWith("<!doctype html>"), true);
 * equal(html.includes("Films of today"), true);
 * ```
 */
export function renderReport(
  report: RunReport | ManagerReport | ReportedJob,
  settings: RenderReportOptions = {},
): string {
  const { title, top, body } = partsOf(report, settings);
  return page(title, top, body);
}

/** The same, without the page around it. */
export function reportView(report: RunReport | ManagerReport | ReportedJob): string {
  const { top, body } = partsOf(report, {});
  return viewOf(top, body);
}

/** Parts of a page; all but the title is HTML. */
type Parts = Readonly<Record<"title" | "top" | "body", string>>;

function partsOf(report: unknown, settings: RenderReportOptions): Parts {
  const checked = checkOptions<RenderReportOptions, "title" | "host">(action, settings, options);
  const known = plainReport(action, report);
  if (isOfManager(known)) return managerPage(known, checked);
  checkAfter(action, settings.after);
  return isOfJob(known) ? jobPage(known, checked) : runPage(known, checked);
}

/** The options of a page, complete. */
type Settings =
  & Pick<RenderReportOptions, "title" | "host">
  & Required<Pick<RenderReportOptions, "after" | "options">>;

function runPage(report: RunReport, { title, host, options = {} }: Settings): Parts {
  const top = headOf(title, "a run", report.name) + facts(report, host);
  const body = `<section class="run" id="run-1">${runBody("run-1", report)}${
    optionsCard(options)
  }</section>`;
  return { title: title ?? report.name, top, body };
}

function jobPage(report: ReportedJob, { title, host, options = {} }: Settings): Parts {
  const top = headOf(title, "a job", report.name) + endFacts(report.outcome, host, [
    `took ${time(report.duration)}`,
  ]);
  const body = `<section class="run">${jobBody(report)}${optionsCard(options)}</section>`;
  return { title: title ?? report.name, top, body };
}

function managerPage(report: ManagerReport, { title, host, after, options }: Settings): Parts {
  const { reports, outcome } = report;
  const heading = title ?? counted(reports.length, "pipeline");
  const top = `<p class="kicker">Report of a manager</p><h1><bdi>${label(heading, 90)}</bdi></h1>` +
    endFacts(outcome, host, [counted(reports.length, "pipeline")]);
  const plan = reports.length > 0
    ? `<div class="run">${failedList(report)}${totals(report)}${timeline(report, after!)}</div>`
    : "";
  const sections = reports.map((each, index) => section(each, `run-${index + 1}`, after!));
  const given = optionsCard(options ?? {});
  const body = [plan, ...sections, given && `<div class="run">${given}</div>`].join("\n");
  return { title: heading, top, body };
}

/** The heading of a page about something that has a name of its own. */
function headOf(title: string | undefined, what: string, name: string): string {
  const kicker = `Report of ${title === undefined ? what : `<bdi>${label(name)}</bdi>`}`;
  return `<p class="kicker">${kicker}</p><h1><bdi>${label(title ?? name, 90)}</bdi></h1>`;
}

function section(
  report: RunReport | SkippedReport,
  id: string,
  after: Dependencies,
): string {
  const before = namesBefore(report, after).map((name) => `<bdi>${label(name)}</bdi>`).join(", ");
  const order = before === "" ? "" : `<p class="kicker">after ${before}</p>`;
  const part = wasRun(report) && report.partition !== undefined
    ? ` <small><bdi>${label(report.partition)}</bdi></small>`
    : "";
  const name = `<h2><bdi>${label(report.name)}</bdi>${part}</h2>`;
  const head = `<section class="run" id="${id}">${order}${name}`;
  if (wasRun(report)) return `${head}${facts(report)}${runBody(id, report)}</section>`;
  const why = report.after === undefined
    ? "It was not started."
    : `It was not started, as <bdi>${label(report.after)}</bdi> did not complete.`;
  return `${head}<p class="facts">${badge("skipped")}<span>${why}</span></p></section>`;
}
