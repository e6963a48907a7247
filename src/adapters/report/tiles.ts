import { about, count, counted, time } from "../../explain/quantities.ts";
import type { ItemCounts, RunReport } from "../../report-types.ts";
import { attributes, shareOf } from "./markup.ts";

/** A key figure. */
export interface Tile {
  readonly name: string;
  readonly figure: string;
  /** The number itself, as `data-value`. */
  readonly number?: number | undefined;
  /** As it is shown; HTML. */
  readonly value: string;
  readonly more: string;
  readonly isAlarming?: boolean;
}

/** The key figures of a run. */
export function tiles(report: RunReport): string {
  return tilesOf([...itemTiles(report), ...timeTiles(report)]);
}

/** Key figures as the page has them. */
export function tilesOf(all: readonly Tile[]): string {
  return `<dl class="tiles">${all.map(markup).join("")}</dl>`;
}

function itemTiles(report: RunReport): readonly Tile[] {
  const { loaded, batches, retries } = report;
  const size = batches > 0 ? `about ${about(loaded / batches)} items each` : "none loaded";
  return [
    loadedTile(report),
    {
      ...{ name: "Batches", figure: "batches", number: batches, value: count(batches) },
      more: size,
    },
    {
      ...{ name: "Retries", figure: "retries", number: retries, value: count(retries) },
      more: retries === 0 ? "no call was made again" : "calls made again",
    },
    lettersTile(report),
  ];
}

/** The counts that figures about items are made of. */
export type TiledCounts =
  & Omit<ItemCounts, "returned">
  & Pick<RunReport, "returned" | "rows" | "earlier" | "earlierCounts">;

/** The items that were loaded, of how many, as how many rows. */
export function loadedTile(counts: TiledCounts): Tile {
  const { extracted, loaded, rows, skipped, returned, pending, earlier } = counts;
  const rest = [
    rows === loaded ? "" : `as ${counted(rows, "row")}`,
    earlier > 0 ? `${count(earlier)} done before` : "",
    skipped > 0 ? `${count(skipped)} skipped` : "",
    returned > 0 ? `${count(returned)} returned to the source` : "",
    pending > 0 ? `${count(pending)} pending` : "",
  ].filter((part) => part !== "");
  return {
    ...{ name: "Items loaded", figure: "loaded", number: loaded, value: count(loaded) },
    more: [`of ${count(extracted)} read`, ...rest].join(", "),
  };
}

/** The items that were given up on. */
export function lettersTile(counts: TiledCounts): Tile {
  const { extracted, deadLettered, earlierCounts: { deadLettered: letters = 0 } = {} } = counts;
  const share = extracted > 0 ? `${shareOf(deadLettered / extracted)} of all items` : "no items";
  const before = letters > 0 ? `, ${count(letters)} before` : "";
  return {
    ...{ name: "Dead letters", figure: "deadLettered", number: deadLettered },
    ...{ value: count(deadLettered), more: share + before, isAlarming: deadLettered > 0 },
  };
}

function timeTiles({ rate, duration, latency, guarantee, clock }: RunReport): readonly Tile[] {
  const still = clock === "still" ? "waiting only: the clock stands still while code runs" : "";
  const slow = latency === undefined
    ? "no batch was done"
    : `p90 ${time(latency.p90)}, p99 ${time(latency.p99)}, longest ${time(latency.max)}`;
  return [
    {
      ...{ name: "Rate", figure: "rate", number: rate, more: "on average" },
      value: `${about(rate)} <small>items/s</small>`,
    },
    {
      ...{ name: "Duration", figure: "duration", number: duration, value: time(duration) },
      more: still || "from start to end",
    },
    {
      ...{ name: "Latency, half of the batches", figure: "p50", number: latency?.p50 },
      ...{ value: latency === undefined ? "–" : `≤ ${time(latency.p50)}`, more: slow },
    },
    {
      name: "Guarantee",
      figure: "guarantee",
      value: Object.hasOwn(guarantees, guarantee) ? guarantees[guarantee] : "–",
      more: Object.hasOwn(meanings, guarantee) ? meanings[guarantee] : "not known",
    },
  ];
}

const guarantees: Readonly<Record<RunReport["guarantee"], string>> = {
  "at-most-once": "at most once",
  "at-least-once": "at least once",
  "effectively-once": "effectively once",
};
const meanings: Readonly<Record<RunReport["guarantee"], string>> = {
  "at-most-once": "a crash may lose items",
  "at-least-once": "a crash may load items again",
  "effectively-once": "a crash neither loses nor repeats",
};

function markup({ name, figure, number, value, more, isAlarming }: Tile): string {
  const data = attributes({ "data-figure": figure, "data-value": number });
  const tone = isAlarming === true ? " alarm" : "";
  return `<div${data}><dt>${name}</dt><dd class="value${tone}">${value}</dd>` +
    `<dd class="more">${more}</dd></div>`;
}
