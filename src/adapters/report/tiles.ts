import { about, count, counted, percent, time } from "../../explain/quantities.ts";
import type { RunReport } from "../../report-types.ts";
import { attributes } from "./markup.ts";

/** A key figure. */
interface Tile {
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
  return `<dl class="tiles">${
    [...itemTiles(report), ...timeTiles(report)].map(markup).join("")
  }</dl>`;
}

function itemTiles(report: RunReport): readonly Tile[] {
  const { extracted, loaded, rows, skipped, deadLettered, returned, pending, batches, retries } =
    report;
  const size = batches > 0 ? `about ${about(loaded / batches)} items each` : "none loaded";
  const made = rows === loaded ? [] : [`as ${counted(rows, "row")}`];
  const { earlier, earlierCounts: { deadLettered: letters = 0 } = {} } = report;
  const rest = [
    earlier > 0 ? `${count(earlier)} done before` : "",
    skipped > 0 ? `${count(skipped)} skipped` : "",
    returned > 0 ? `${count(returned)} returned to the source` : "",
    pending > 0 ? `${count(pending)} pending` : "",
  ].filter((part) => part !== "");
  const deadShare = extracted > 0
    ? `${percent(deadLettered / extracted)} of all items`
    : "no items";
  const before = letters > 0 ? `, ${count(letters)} before` : "";
  return [
    {
      ...{ name: "Items loaded", figure: "loaded", number: loaded, value: count(loaded) },
      more: [`of ${count(extracted)} read`, ...made, ...rest].join(", "),
    },
    {
      ...{ name: "Batches", figure: "batches", number: batches, value: count(batches) },
      more: size,
    },
    {
      ...{ name: "Retries", figure: "retries", number: retries, value: count(retries) },
      more: retries === 0 ? "no call was made again" : "calls made again",
    },
    {
      ...{ name: "Dead letters", figure: "deadLettered", number: deadLettered },
      ...{ value: count(deadLettered), more: deadShare + before, isAlarming: deadLettered > 0 },
    },
  ];
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
