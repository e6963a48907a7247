import type { StageState } from "./shares.ts";

/** The colours of a picture. */
type Palette = Readonly<Record<ColourName, string>>;
type ColourName =
  | "page"
  | "card"
  | "line"
  | "grid"
  | "ink"
  | "muted"
  | "on"
  | "map"
  | "bad"
  | StageState;

/** By day. All that is read or compared has a contrast of at least 4.5 to `card` and `page`. */
const light: Palette = {
  page: "#f6f7f9",
  card: "#ffffff",
  line: "#d9dde4",
  grid: "#e7eaef",
  ink: "#14171f",
  muted: "#596172",
  on: "#ffffff",
  busy: "#2159c9",
  blocked: "#9a4a00",
  backoff: "#b3243f",
  limited: "#7a35c4",
  starved: "#677084",
  map: "#0b7265",
  bad: "#b3243f",
};

/** By night. */
const dark: Palette = {
  page: "#0e1116",
  card: "#161a21",
  line: "#2c333f",
  grid: "#242a34",
  ink: "#eceff4",
  muted: "#a3adbd",
  on: "#0b1020",
  busy: "#7fb0ff",
  blocked: "#f0a458",
  backoff: "#ff8d9e",
  limited: "#c7a5ff",
  starved: "#8d97a8",
  map: "#55d6bf",
  bad: "#ff8d9e",
};

/** The colours as variables, by day and on a dark screen; paper is always white. */
export function colours(): string {
  const set = (palette: Palette) =>
    `:root{${Object.entries(palette).map(([name, value]) => `--${name}:${value}`).join(";")}}`;
  return `${set(light)}\n@media screen and (prefers-color-scheme:dark){${set(dark)}}`;
}

/** Fill of each state: its pattern tells it apart without colour. */
export const fills: string = `.busy{fill:var(--busy)}
.backoff{fill:url(#fill-backoff)}
.limited{fill:url(#fill-limited)}
.blocked{fill:url(#fill-blocked)}
.starved{fill:url(#fill-starved)}
.on-backoff{stroke:var(--backoff)}
.on-limited{stroke:var(--limited)}
.on-blocked{stroke:var(--blocked)}
.on-starved{fill:var(--starved)}
.under{fill:var(--card)}`;

/** The patterns of the states, to stand within `defs`. */
export function patterns(): string {
  const pattern = (state: StageState, size: number, turn: number, marks: string) =>
    `<pattern id="fill-${state}" width="${size}" height="${size}" patternUnits="userSpaceOnUse"` +
    ` patternTransform="rotate(${turn})"><rect class="under" width="${size}" height="${size}"/>` +
    `${marks}</pattern>`;
  const stroke = (state: StageState, path: string, width: number) =>
    `<path class="on-${state}" d="${path}" stroke-width="${width}" fill="none"/>`;
  return [
    pattern("blocked", 6, 45, stroke("blocked", "M3 0V6", 2.2)),
    pattern("backoff", 5, 45, stroke("backoff", "M2.5 0V5M0 2.5H5", 1.5)),
    pattern("limited", 5, 0, stroke("limited", "M0 2.5H5", 2.6)),
    pattern("starved", 6, 0, `<circle class="on-starved" cx="3" cy="3" r="0.9"/>`),
  ].join("");
}
