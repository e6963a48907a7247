import { failureWords, letterWords } from "../../explain/explain-end.ts";
import { about, count, counted, time } from "../../explain/quantities.ts";
import type { RunReport, StageName } from "../../report-types.ts";
import { element, escape, label, shareOf } from "./markup.ts";
import { plainRun } from "./plain-report.ts";
import { sharesOf, stageNames } from "./shares.ts";
import { segments, wordsOf } from "./stage-bar.ts";
import { colours, fills, patterns } from "./theme.ts";

const boxWidth = 212;
const boxTop = 108;
const lefts: Readonly<Record<StageName, number>> = { extract: 32, transform: 452, load: 716 };
const bucketLeft = 296;
const bucketWidth = 104;

const style = `${colours()}
text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink);
font-variant-numeric:tabular-nums}
.paper{fill:var(--page);stroke:var(--line)}
.box{fill:var(--card);stroke:var(--line)}
.most{stroke:var(--busy);stroke-width:2}
.head{font-size:23px;font-weight:680}
.name{font-size:16px;font-weight:640}
.small{font-size:13px;fill:var(--muted)}
.tag{font-size:13px;font-weight:640;fill:var(--busy)}
.row{font-size:13px}
.arrow{stroke:var(--muted);fill:none;stroke-width:1.5}
.frame{fill:none;stroke:var(--muted)}
.seam rect+rect{stroke:var(--card)}
${fills}`;

/**
 * Draws a run: its stages and where their time went, as a self-contained SVG with a background for light
 * and dark mode. Write it to a file for an `<img>` or a README.
 *
 * @throws {ConfigurationError} If the argument is not the report of a run.
 *
 * @example A picture for a README
 * ```ts
 * import { etl } from "millrace";
 * import { renderDiagram } from "millrace/report";
 * import { equal } from "node:assert/strict";
 *
 * const report = await etl({ name: "films", extract: () => [1, 2, 3], load: () => {} }).run();
 * equal(renderDiagram(report).startsWith("<svg "), true);
 * ```
 */
export function renderDiagram(input: RunReport): string {
  const report = plainRun("render diagram", input);
  const rows = Math.max(...stageNames.map((name) => sharesOf(report.stages[name]).length));
  const boxHeight = 78 + rows * 19;
  const middle = boxTop + boxHeight / 2;
  const notes = notesOf(report);
  const foot = boxTop + boxHeight;
  const size = { width: 960, height: foot + 32 + notes.length * 22 };
  const box = `0 0 ${size.width} ${size.height}`;
  const words = `${escape(summary(report))}. ` +
    stageNames.map((name) => `${name}: ${wordsOf(report.stages[name])}.`).join(" ") +
    notes.map((note) => ` ${label(note, 600)}`).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" width="${size.width}" ` +
    `height="${size.height}" role="img" aria-labelledby="t d">
<title id="t">${label(report.name)}</title>
<desc id="d">${words}</desc>
<style>${style}</style>
<defs>${patterns()}</defs>
${element("rect", { x: 0.5, y: 0.5, width: 959, height: size.height - 1, rx: 14, class: "paper" })}
<text class="head" x="32" y="50">${label(report.name, 56)}</text>
<text class="small" x="32" y="77">${escape(summary(report))}</text>
${bucket(report, middle)}
${stageNames.map((name) => stage(name, report, boxHeight)).join("\n")}
${arrow(lefts.extract + boxWidth, bucketLeft, middle)}
${arrow(bucketLeft + bucketWidth, lefts.transform, middle)}
${arrow(lefts.transform + boxWidth, lefts.load, middle)}
${notes.map((note, index) => noteAt(foot + 28 + index * 22, note)).join("\n")}
</svg>
`;
}

/** Lines about the failure and the reasons of dead letters. */
function notesOf({ failure, deadLettered, deadLetterReasons }: RunReport): readonly string[] {
  return [
    ...(failure === undefined ? [] : [failureWords(failure)]),
    ...(deadLetterReasons.length === 0 ? [] : [letterWords(deadLettered, deadLetterReasons)]),
  ];
}

function noteAt(y: number, note: string): string {
  return element("text", { class: "small", x: 32, y }, label(note, 130));
}

function summary(report: RunReport): string {
  const { outcome, loaded, extracted, duration, rate, latency, retries, deadLettered } = report;
  return [
    outcome,
    `${count(loaded)} of ${counted(extracted, "item")} loaded in ${time(duration)}`,
    `${about(rate)} items/s`,
    latency === undefined ? "" : `half of the batches within ${time(latency.p50)}`,
    retries > 0 ? counted(retries, "retry", "retries") : "",
    deadLettered > 0 ? counted(deadLettered, "dead letter") : "",
  ].filter((part) => part !== "").join(" · ");
}

function stage(name: StageName, { stages, bottleneck }: RunReport, height: number): string {
  const [x, times] = [lefts[name], stages[name]];
  const isMost = bottleneck === name && times.busy > 0;
  const box = { x, y: boxTop, width: boxWidth, height, rx: 12 };
  const inner = boxWidth - 32;
  const rows = sharesOf(times).map(({ state, share }, index) => {
    const y = 80 + index * 19;
    return element("rect", { x: 0, y: y - 9, width: 14, height: 10, class: state }) +
      element("rect", { x: 0, y: y - 9, width: 14, height: 10, class: "frame" }) +
      element("text", { x: 22, y, class: "row" }, state) +
      element("text", { x: inner, y, class: "row", "text-anchor": "end" }, shareOf(share));
  });
  const bar = element("g", { class: "seam" }, segments(name, times, 18, inner)) +
    element("rect", { width: inner, height: 18, class: "frame" });
  return element("rect", { ...box, class: `box${isMost ? " most" : ""}` }) +
    element(
      "g",
      { transform: `translate(${x + 16} ${boxTop})` },
      element("text", { y: 27, class: "name" }, name),
      isMost
        ? element("text", { x: inner, y: 27, class: "tag", "text-anchor": "end" }, "busiest")
        : "",
      element("g", { transform: "translate(0 40)" }, bar),
      rows.join(""),
    );
}

function bucket({ batches, loaded }: RunReport, middle: number): string {
  const x = bucketLeft + bucketWidth / 2;
  const line = (y: number, words: string, kind: string) =>
    element("text", { x, y, class: kind, "text-anchor": "middle" }, words);
  const box = { x: bucketLeft, y: middle - 40, width: bucketWidth, height: 80, rx: 18 };
  return element("rect", { ...box, class: "box" }) + line(middle - 12, "bucket", "name") +
    line(middle + 9, counted(batches, "batch", "batches"), "small") +
    (batches > 0 ? line(middle + 27, `≈ ${about(loaded / batches)} items`, "small") : "");
}

function arrow(from: number, to: number, y: number): string {
  const [begin, end] = [from + 8, to - 8];
  return element("path", {
    d: `M${begin} ${y}H${end}M${end - 6} ${y - 5}L${end} ${y}L${end - 6} ${y + 5}`,
    class: "arrow",
  });
}
