import { colours, escaped, text } from "./drawing.ts";
import { hasLines, lineChart, lineStyles } from "./lines.ts";
import type { Result, Row } from "./question.ts";
import { median } from "./statistics.ts";
import { runtimesOf } from "./table.ts";
import { floorWords, valueWords } from "./words.ts";

const WIDTH = 860;
const LEFT = 16; // Where the bars begin.
const LONGEST_BAR = 620;
const BAR = 11;
const GAP = 3; // Between bars of a row.

/** A result as a picture: lines where its rows have places in a chart of lines, else bars. */
export function chart(result: Result): string {
  const isOfLines = hasLines(result);
  const { parts, height } = isOfLines ? lineChart(result) : barChart(result);
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">
<title>${escaped(result.title)}</title>
<desc>${escaped(result.method)}</desc>
<style>${styles(result, isOfLines)}</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>
${[legend(result, isOfLines), ...parts].join("\n")}
</svg>
`;
}

/**
 * The rows of a result as bars, one for each runtime, with a line at the number to hold. Rows of
 * one unit share one scale, which begins at 0.
 */
function barChart(result: Result): { parts: string[]; height: number } {
  const runtimes = runtimesOf([result]);
  const parts: string[] = [];
  let y = 84;
  for (const unit of new Set(result.rows.map((row) => row.unit))) {
    const rows = result.rows.filter((row) => row.unit === unit);
    const scale = LONGEST_BAR / longestValue(rows);
    for (const row of rows) {
      parts.push(rowBars(row, runtimes, scale, y));
      y += rowHeight(runtimes);
    }
    y += 10;
  }
  return { parts, height: y };
}

/** The title, the colours of the runtimes, and where and when it was measured. */
function legend(result: Result, isOfLines: boolean): string {
  const { title, versions, machine, measuredAt, settings } = result;
  const keys = runtimesOf([result]).map((runtime, n) => {
    const x = LEFT + n * 130;
    const words = `${runtime} (${versions[runtime]})`;
    if (isOfLines) return text(x, 50, words, "small");
    return `<rect class="r${n}" x="${x}" y="40" width="11" height="11"/>` +
      text(x + 17, 50, words, "small");
  });
  const place = `${machine.processor}, ${machine.cores} cores, ${measuredAt.slice(0, 10)}`;
  const dashes = isOfLines ? "no growth" : "the number to hold";
  const reading = `Rounds: ${settings.rounds}, the median is shown; a dashed line is ${dashes}.`;
  return [
    text(LEFT, 26, title, "title"),
    ...keys,
    text(LEFT, 68, `${place}. ${reading}`, "faint"),
  ].join("\n");
}

function rowBars(row: Row, runtimes: readonly string[], scale: number, y: number): string {
  const note = [floorWords(row), row.note].filter(Boolean).join(", ");
  const words = `${escaped(row.title)}<tspan class="faint" dx="8">${escaped(note)}</tspan>`;
  const bars: string[] = [];
  const labels: string[] = [];
  runtimes.forEach((runtime, n) => {
    const value = row.medians[runtime];
    const top = y + 20 + n * (BAR + GAP);
    if (value === undefined) return labels.push(text(LEFT, top + 9, "not measured", "faint"));
    const isCut = value * scale > LONGEST_BAR + 1;
    const length = isCut ? LONGEST_BAR : Math.max(1, value * scale); // Below 0 it is still seen.
    const size = `width="${length.toFixed(1)}" height="${BAR}"`;
    bars.push(`<rect class="r${n}" x="${LEFT}" y="${top}" ${size}/>`);
    const label = `${isCut ? "… " : ""}${valueWords(value, row)}`;
    labels.push(text(LEFT + length + 6, top + 9, label, "value"));
  });
  const title = `<text x="${LEFT}" y="${y + 12}">${words}</text>`;
  return [title, ...bars, floorLine(row, runtimes, scale, y), ...labels].join("\n");
}

/** Lies on the bars and below the labels. */
function floorLine(row: Row, runtimes: readonly string[], scale: number, y: number): string {
  const floor = row.atLeast ?? row.atMost;
  if (floor === undefined) return "";
  const x = (LEFT + floor * scale).toFixed(1);
  const bottom = y + 18 + runtimes.length * (BAR + GAP);
  return `<line class="floor" x1="${x}" x2="${x}" y1="${y + 17}" y2="${bottom}"/>`;
}

/** The end of a scale. A few very long bars are cut, or all others would be too short. */
function longestValue(rows: readonly Row[]): number {
  const values = rows.flatMap(({ medians }) => Object.values(medians));
  const floors = rows.flatMap(({ atLeast = 0, atMost = 0 }) => [atLeast, atMost]);
  const end = Math.min(Math.max(...values), 8 * median(values));
  return Math.max(end, ...floors, Number.MIN_VALUE);
}

function rowHeight(runtimes: readonly string[]): number {
  return 30 + runtimes.length * (BAR + GAP);
}

function styles(result: Result, isOfLines: boolean): string {
  const fills = (mode: 0 | 1) =>
    isOfLines ? lineStyles(result, mode) : runtimesOf([result])
      .map((_, n) => `.r${n}{fill:${colours[n % colours.length]![mode]}}`).join("");
  return `
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:17px;font-weight:600}
.value{paint-order:stroke;stroke:#ffffff;stroke-width:4px}
.small,.value{font-size:11px}.faint{font-size:11px;fill:#59636e}.ground{fill:#ffffff}
.floor{stroke:#1f2328;stroke-width:2;stroke-dasharray:4 2}${fills(0)}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.faint{fill:#9198a1}.ground{fill:#0d1117}
.value{stroke:#0d1117}
.floor{stroke:#e6edf3}${fills(1)}}`;
}
