import { anyObject, fail, type Rule } from "../../options.ts";
import { count, counted, time } from "../../explain/quantities.ts";
import type { RunReport } from "../../report-types.ts";
import type { ManagerReport, SkippedReport } from "../../manager-report-types.ts";
import { timeAxis } from "./axis.ts";
import { attributes, element, label, percentOf } from "./markup.ts";
import { wasRun } from "./plain-report.ts";
import { figureOf } from "./plot.ts";

/** Order of pipelines: for each name, the pipelines it comes after. */
export type Dependencies = Readonly<Record<string, readonly string[]>>;

/** Such an object. */
export const dependencies: Rule = {
  expected: "an object with an array of names for each name",
  test: (value) => anyObject.test(value) && Object.values(value as object).every(Array.isArray),
};

/** Rejects an order of pipelines if there is only one pipeline. */
export function checkAfter(action: string, after: Dependencies | undefined): void {
  if (after !== undefined) fail(action, "after", "omitted for the report of one run", after);
}

const rowHeight = 46;
const barTop = 22;
const barHeight = 14;

/** A pipeline in the schedule. Times are milliseconds since the first one began. */
interface Row {
  readonly report: RunReport | SkippedReport;
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly after: readonly Row[];
}

/** The pipelines of a manager over time, each in a row, with arrows from those that they come after. */
export function timeline({ reports }: ManagerReport, after: Dependencies): string {
  const all = rowsOf(reports, after);
  const duration = Math.max(0, ...all.map(({ to }) => to));
  const arrows = all.flatMap((row) => row.after.map((before) => arrow(before, row, duration)));
  return figureOf({
    id: "schedule",
    kind: "schedule",
    title: "Pipelines over time",
    description: all.map(sentence).join(" "),
    height: all.length * rowHeight,
    body: timeAxis(duration) + arrows.join("") + all.map((row) => bar(row, duration)).join(""),
  }).replace('class="card"', 'class="card schedule"');
}

/** The names that a pipeline comes after: as given, or as its report says. */
export function namesBefore(report: RunReport | SkippedReport, after: Dependencies): string[] {
  const given = Object.hasOwn(after, report.name) ? after[report.name]! : [];
  const told = !wasRun(report) && report.after !== undefined ? [report.after] : [];
  return [...new Set([...given, ...told])];
}

function rowsOf(reports: ManagerReport["reports"], after: Dependencies): readonly Row[] {
  const begins = reports.flatMap((report) => wasRun(report) ? report.startedAt : []);
  const begin = Math.min(...begins, Infinity);
  const rows = reports.map((report, index): Row & { after: Row[] } => {
    const from = wasRun(report) ? report.startedAt - begin : 0;
    const to = wasRun(report) ? from + report.duration : 0;
    return { report, index, from, to, after: [] };
  });
  for (const row of rows) {
    const names = namesBefore(row.report, after);
    row.after.push(...rows.filter((other) => other !== row && names.includes(other.report.name)));
  }
  return rows.map((row) => {
    // One that was skipped stands where it would have begun.
    const from = Math.max(0, ...row.after.map(({ to }) => to));
    return wasRun(row.report) ? row : { ...row, from, to: from };
  });
}

function bar({ report, index, from, to }: Row, duration: number): string {
  const y = index * rowHeight;
  const isSkipped = !wasRun(report);
  const width = percentOf(Math.max(to - from, duration * 0.004), duration);
  const shape = isSkipped
    ? { x: percentOf(Math.min(from, duration * 0.9), duration), width: "10%" }
    : {
      x: percentOf(from, duration),
      width,
    };
  const kind = isSkipped ? "skipped" : `busy ended-${report.outcome}`;
  const data = attributes({ "data-pipeline": label(report.name), "data-outcome": report.outcome });
  // A name that is wider than its letters let expect is cut where the other text begins.
  const name = `<svg y="${y}" width="60%" height="22"><text class="name" y="16">` +
    `${label(report.name, 26)}</text></svg>` +
    `<text class="name extra" x="100%" y="${y + 16}" text-anchor="end">${extra(report)}</text>`;
  return `<a href="#run-${index + 1}"${data}>${name}` +
    element("rect", { ...shape, y: y + barTop, height: barHeight, rx: 3, class: kind }) + "</a>";
}

function extra(report: RunReport | SkippedReport): string {
  if (!wasRun(report)) return "skipped";
  const { outcome, failure } = report;
  const where = failure === undefined ? "" : ` in ${label(failure.stage, 14)}`;
  const how = outcome === "completed" ? "" : `${label(outcome, 14)}${where}, `;
  return `${how}${count(report.loaded)} in ${time(report.duration)}`;
}

/** From the end of a bar down or up, then to the begin of another. */
function arrow(before: Row, row: Row, duration: number): string {
  const x = percentOf(before.to, duration);
  const begin = percentOf(Math.max(row.from, before.to), duration);
  const [y1, y2] = [before, row].map(({ index }) => index * rowHeight + barTop + barHeight / 2);
  const data = { "data-after": label(before.report.name), "data-pipeline": label(row.report.name) };
  return element(
    "g",
    data,
    element("line", { x1: x, x2: x, y1, y2, class: "after" }),
    element("line", { x1: x, x2: begin, y1: y2, y2, class: "after" }),
    element("use", { href: "#mark-tip", x: begin, y: y2 }),
  );
}

function sentence({ report, from, after }: Row): string {
  const names = after.map((row) => label(row.report.name, 34)).join(", ");
  const order = names === "" ? "" : `, after ${names}`;
  const name = label(report.name, 34);
  if (!wasRun(report)) return `${name}: skipped${order}.`;
  const items = counted(report.loaded, "item");
  return `${name}: ${label(report.outcome, 14)}, ${items} from ${time(from)} on, in ${
    time(report.duration)
  }${order}.`;
}
