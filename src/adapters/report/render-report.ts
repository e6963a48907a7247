import { checkOptions, nonEmptyString, type OptionTable } from "../../options.ts";
import { counted } from "../../explain/quantities.ts";
import type { RunReport } from "../../report-types.ts";
import type { ManagerReport, SkippedReport } from "../../manager-report-types.ts";
import { label } from "./markup.ts";
import { page } from "./page.ts";
import { isOfManager, plainReport, wasRun } from "./plain-report.ts";
import { badge, facts, runBody } from "./run-section.ts";
import { checkAfter, type Dependencies, dependencies, namesBefore, timeline } from "./timeline.ts";

/** How a report is shown. */
export interface RenderReportOptions {
  /**
   * The heading of the page: a non-empty string. What is too long is cut.
   * @default {undefined} the name of the pipeline, or how many there are
   */
  title?: string | undefined;
  /**
   * Which pipelines of a manager come after which, by their names: what was given to `add()`, which
   * its report does not say. Names that the report does not have are left out.
   * @default {{}} only what skipped pipelines say
   */
  after?: Dependencies | undefined;
}

const action = "render report";
const options: OptionTable<RenderReportOptions> = {
  title: [nonEmptyString],
  after: [dependencies, {}],
};

/**
 * Gives a page about a run, or about all pipelines of a manager: one HTML text that needs nothing
 * else, runs no script, and can be kept, mailed, printed and read on a phone. The same report gives
 * the same page. Pictures over time need a run with the option `trace`.
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule, or `report` is none.
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
  report: RunReport | ManagerReport,
  settings: RenderReportOptions = {},
): string {
  const { title, after } = checkOptions<RenderReportOptions, "title">(action, settings, options);
  const known = plainReport(action, report);
  if (isOfManager(known)) return managerPage(known, title, after);
  checkAfter(action, settings.after);
  return runPage(known, title);
}

function runPage(report: RunReport, title: string | undefined): string {
  const heading = title ?? report.name;
  const kicker = title === undefined
    ? "Report of a run"
    : `Report of <bdi>${label(report.name)}</bdi>`;
  const top = `<p class="kicker">${kicker}</p><h1><bdi>${label(heading, 90)}</bdi></h1>${
    facts(report)
  }`;
  const body = `<section class="run" id="run-1">${runBody("run-1", report)}</section>`;
  return page(heading, top, body);
}

function managerPage(
  report: ManagerReport,
  title: string | undefined,
  after: Dependencies,
): string {
  const { reports, outcome } = report;
  const heading = title ?? counted(reports.length, "pipeline");
  const top = `<p class="kicker">Report of a manager</p><h1><bdi>${label(heading, 90)}</bdi></h1>` +
    `<p class="facts">${badge(outcome)}<span>${counted(reports.length, "pipeline")}</span></p>`;
  const plan = reports.length > 0 ? `<div class="run">${timeline(report, after)}</div>` : "";
  const sections = reports.map((each, index) => section(each, `run-${index + 1}`, after));
  return page(heading, top, [plan, ...sections].join("\n"));
}

function section(report: RunReport | SkippedReport, id: string, after: Dependencies): string {
  const before = namesBefore(report, after).map((name) => `<bdi>${label(name)}</bdi>`).join(", ");
  const order = before === "" ? "" : `<p class="kicker">after ${before}</p>`;
  const head = `<section class="run" id="${id}">${order}<h2><bdi>${label(report.name)}</bdi></h2>`;
  if (wasRun(report)) {
    return `${head}${facts(report)}${runBody(id, report)}</section>`;
  }
  const why = report.after === undefined
    ? "It was not started."
    : `It was not started, as <bdi>${label(report.after)}</bdi> did not complete.`;
  return `${head}<p class="facts">${badge("skipped")}<span>${why}</span></p></section>`;
}
