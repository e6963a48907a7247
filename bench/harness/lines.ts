import { colours, text } from "./drawing.ts";
import type { Result, Row } from "./question.ts";
import { runtimesOf } from "./table.ts";
import { valueWords } from "./words.ts";

const LEFT = 16;
const PLOT = { left: 46, width: 362, height: 190 }; // Of each picture; two stand side by side.
const PICTURE = { width: 422, height: 250 };
const KEY = 17; // Height of a line of the key.

/** A row that has a place in the chart. */
type Placed = Row & { readonly point: NonNullable<Row["point"]> };

/** Returns true if a result is drawn as lines: the rows tell their places. */
export function hasLines({ rows }: Result): boolean {
  return rows.some((row) => row.point !== undefined);
}

/**
 * The rows that have a place as lines over a count: what a value is of that of the smallest count. A
 * row of pictures for each runtime, one for each panel. Both axes are logarithmic.
 */
export function lineChart(result: Result): { parts: string[]; height: number } {
  const rows = result.rows.filter((row): row is Placed => row.point !== undefined);
  const lines = [...new Set(rows.map(({ point }) => point.line))];
  const panels = [...new Set(rows.map(({ point }) => point.panel))];
  const parts: string[] = [];
  const place = { lines, axes: axesOf(rows) };
  let y = 84;
  for (const runtime of runtimesOf([result])) {
    panels.forEach((panel, n) => {
      const own = rows.filter(({ point, medians }) => point.panel === panel && runtime in medians);
      const title = `${panel}, ${runtime}`;
      parts.push(picture(title, own, { ...place, runtime, x: LEFT + n * PICTURE.width - 6, y }));
    });
    y += PICTURE.height;
    parts.push(key(rows, { lines, panels, runtime, y }));
    y += KEY * lines.length + 26;
  }
  return { parts, height: y };
}

/** The powers of ten of the counts, and the powers of two of the values: at least from a half to two. */
function axesOf(rows: readonly Placed[]) {
  const counts = rows.map(({ point }) => point.count);
  const values = rows.flatMap((row) =>
    Object.values(row.medians).map((value) => ratioOf(row, value))
  );
  const known = values.filter((value) => value > 0);
  const low = Math.floor(Math.log2(Math.min(0.5, ...known)));
  const high = Math.ceil(Math.log2(Math.max(2, ...known)));
  return { last: Math.ceil(Math.log10(Math.max(10, ...counts))), low, high };
}

/** The row with a unit is of the smallest count. */
function ratioOf({ unit }: Row, value: number): number {
  return unit === undefined ? value : 1;
}

interface Place {
  readonly lines: readonly string[];
  readonly axes: ReturnType<typeof axesOf>;
  readonly runtime: string;
  readonly x: number;
  readonly y: number;
}

function picture(title: string, rows: readonly Placed[], place: Place): string {
  const { lines, axes: { last, low, high }, runtime, x, y } = place;
  const left = x + PLOT.left;
  const top = y + 24;
  const across = (count: number) => left + Math.log10(count) / last * PLOT.width;
  const down = (value: number) => top + (high - Math.log2(value)) / (high - low) * PLOT.height;
  const parts = [text(left, y + 12, title, "small")];
  for (let power = low; power <= high; power++) {
    const at = down(2 ** power).toFixed(1);
    const kind = power === 0 ? "one" : "grid";
    const size = `x1="${left}" x2="${left + PLOT.width}" y1="${at}" y2="${at}"`;
    parts.push(`<line class="${kind}" ${size}/>`);
    const words = `${power < 0 ? `1/${2 ** -power}` : 2 ** power}×`;
    parts.push(
      `<text class="faint" text-anchor="end" x="${left - 6}" y="${Number(at) + 4}">${words}</text>`,
    );
  }
  for (let power = 0; power <= last; power++) {
    const at = across(10 ** power).toFixed(1);
    const bottom = top + PLOT.height;
    parts.push(
      `<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/>`,
      `<text class="faint" text-anchor="middle" x="${at}" y="${bottom + 16}">10${
        raised(power)
      }</text>`,
    );
  }
  lines.forEach((line, n) => {
    const own = rows.filter(({ point }) => point.line === line);
    const points = own.map((row): [string, string] => [
      across(row.point.count).toFixed(1),
      down(ratioOf(row, row.medians[runtime]!)).toFixed(1),
    ]);
    if (points.length === 0) return;
    parts.push(
      `<polyline class="l${n}" points="${points.map((point) => point.join()).join(" ")}"/>`,
      ...points.map(([cx, cy]) => `<circle class="p${n}" cx="${cx}" cy="${cy}" r="3"/>`),
    );
  });
  return parts.join("\n");
}

/** What each line begins with, and what it has come to at its end. */
function key(
  rows: readonly Placed[],
  { lines, panels, runtime, y }: {
    readonly lines: readonly string[];
    readonly panels: readonly string[];
    readonly runtime: string;
    readonly y: number;
  },
): string {
  return lines.map((line, n) => {
    const at = y + KEY * n + 10;
    const mark = `<line class="l${n}" x1="${LEFT}" x2="${LEFT + 22}" y1="${at - 4}" y2="${
      at - 4
    }"/>`;
    const values = panels.map((panel, column) => {
      const own = rows.filter(({ point, medians }) =>
        point.line === line && point.panel === panel && runtime in medians
      );
      const [first, last] = [own[0], own.at(-1)];
      if (first === undefined || last === undefined) return "";
      const [from, to] = [first, last].map(({ point }) => point.count.toLocaleString("en"));
      const [base, end] = [first, last].map((row) => valueWords(row.medians[runtime], row));
      const words = `${from}: ${base}` + (first === last ? "" : `; ${to}: ${end}`);
      return text(LEFT + 230 + column * 310, at, words, "small");
    });
    return [mark, text(LEFT + 30, at, line, "small"), ...values].join("\n");
  }).join("\n");
}

function raised(power: number): string {
  return [...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
}

/** The colours of the lines, for light and dark. */
export function lineStyles({ rows }: Result, mode: 0 | 1): string {
  const lines = new Set(rows.flatMap(({ point }) => point?.line ?? []));
  const own = [...lines].map((_, n) => {
    const colour = colours[n % colours.length]![mode];
    return `.l${n}{fill:none;stroke:${colour};stroke-width:2}.p${n}{fill:${colour}}`;
  });
  const [grid, one] = mode === 0 ? ["#d8dee4", "#59636e"] : ["#2a313a", "#9198a1"];
  return `${own.join("")}.grid{stroke:${grid}}.one{stroke:${one};stroke-dasharray:4 2}`;
}
