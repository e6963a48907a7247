import type { Result, Row } from "./question.ts";
import { median } from "./statistics.ts";
import { runtimesOf } from "./table.ts";
import { floorWords, valueWords } from "./words.ts";

const WIDTH = 860;
const LEFT = 16; // Start of the bars.
const LONGEST_BAR = 620;
const BAR = 11;
const GAP = 3; // Between the bars of a row.

/** Colours that can be distinguished in dark and light mode, also with colour blindness. */
const colours = [["#1f6fc4", "#5aa7f5"], ["#c4660a", "#f09a4a"], ["#1a8a5f", "#3fc795"], [
  "#8250c4",
  "#b493f0",
], ["#a83a5b", "#ee7d9d"]] as const;

/**
 * The rows of a result as bars, one for each runtime, with a line at the target. Rows with the same
 * unit share a scale, which begins at 0.
 */
export function chart(result: Result): string {
  const runtimes = runtimesOf([result]);
  const parts: string[] = [legend(result, runtimes)];
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
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">
<title>${escaped(result.title)}</title>
<desc>${escaped(result.method)}</desc>
<style>${styles(runtimes)}</style>
<rect class="ground" width="${WIDTH}" height="${y}" rx="8"/>
${parts.join("\n")}
</svg>
`;
}

/** The title, the colours of the runtimes, and where and when it was measured. */
function legend(result: Result, runtimes: readonly string[]): string {
  const { title, versions, machine, measuredAt, settings } = result;
  const keys = runtimes.map((runtime, n) => {
    const x = LEFT + n * 130;
    return `<rect class="r${n}" x="${x}" y="40" width="11" height="11"/>` +
      text(x + 17, 50, `${runtime} (${versions[runtime]})`, "small");
  });
  const place = `${machine.processor}, ${machine.cores} cores, ${measuredAt.slice(0, 10)}`;
  const reading =
    `Rounds: ${settings.rounds}, the median is shown; a dashed line is the number to hold.`;
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
    const length = isCut ? LONGEST_BAR : Math.max(1, value * scale); // Values below 0 stay visible.
    const size = `width="${length.toFixed(1)}" height="${BAR}"`;
    bars.push(`<rect class="r${n}" x="${LEFT}" y="${top}" ${size}/>`);
    const label = `${isCut ? "… " : ""}${valueWords(value, row)}`;
    labels.push(text(LEFT + length + 6, top + 9, label, "value"));
  });
  const title = `<text x="${LEFT}" y="${y + 12}">${words}</text>`;
  return [title, ...bars, floorLine(row, runtimes, scale, y), ...labels].join("\n");
}

/** The line of the target, above the bars and below the labels. */
function floorLine(row: Row, runtimes: readonly string[], scale: number, y: number): string {
  const floor = row.atLeast ?? row.atMost;
  if (floor === undefined) return "";
  const x = (LEFT + floor * scale).toFixed(1);
  const bottom = y + 18 + runtimes.length * (BAR + GAP);
  return `<line class="floor" x1="${x}" x2="${x}" y1="${y + 17}" y2="${bottom}"/>`;
}

/** The end of a scale. A few very long bars are cut, as all others would be too short otherwise. */
function longestValue(rows: readonly Row[]): number {
  const values = rows.flatMap(({ medians }) => Object.values(medians));
  const floors = rows.flatMap(({ atLeast = 0, atMost = 0 }) => [atLeast, atMost]);
  const end = Math.min(Math.max(...values), 8 * median(values));
  return Math.max(end, ...floors, Number.MIN_VALUE);
}

function rowHeight(runtimes: readonly string[]): number {
  return 30 + runtimes.length * (BAR + GAP);
}

function styles(runtimes: readonly string[]): string {
  const fills = (mode: 0 | 1) =>
    runtimes.map((_, n) => `.r${n}{fill:${colours[n % colours.length]![mode]}}`).join("");
  return `
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:17px;font-weight:600}
.value{paint-order:stroke;stroke:#ffffff;stroke-width:4px}
.small,.value{font-size:11px}.faint{font-size:11px;fill:#59636e}.ground{fill:#ffffff}
.floor{stroke:#1f2328;stroke-width:2;stroke-dasharray:4 2}${fills(0)}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.faint{fill:#9198a1}.ground{fill:#0d1117}
.value{stroke:#0d1117}
.floor{stroke:#e6edf3}${fills(1)}}`;
}

function text(x: number, y: number, words: string, kind: string): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}">${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
