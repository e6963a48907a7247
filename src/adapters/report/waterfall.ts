import { count, counted, time } from "../../explain/quantities.ts";
import type { RunReport, RunTrace, TracedBatch } from "../../report-types.ts";
import { timeAxis } from "./axis.ts";
import { batchMarks, sampleNote } from "./charts.ts";
import { element, percentOf } from "./markup.ts";
import { figureOf, keyOf } from "./plot.ts";

/** Height of a lane, and of what is drawn in it. */
const laneHeight = 32;
const loadHeight = 14;
const mostLanes = 48;

/** The batches over the workers that loaded them: formed, mapped, begun, ended. */
export function waterfall(id: string, report: RunReport, trace: RunTrace): string {
  const { duration, failure } = report;
  const { batches } = trace;
  const failed = failure?.batch?.sequence;
  // What failed was not finished, so that its times are not kept: it has a row of its own.
  const isApart = failed !== undefined && batches.every(({ sequence }) => sequence !== failed);
  const all = Math.max(0, ...batches.map(({ lane }) => lane)) + 1;
  const lanes = Math.min(all, mostLanes);
  const seen = new Array<number>(lanes).fill(0);
  const drawn = [...batches].sort((a, b) => a.loadStartedAt - b.loadStartedAt)
    .filter(({ lane }) => lane < lanes)
    .map((batch) => batchAt(batch, duration, seen[batch.lane]!++, batch.sequence === failed && id));
  const hidden = all - lanes;
  const notes = [
    sampleNote(trace),
    hidden > 0 ? `${counted(hidden, "worker")} more ${hidden === 1 ? "is" : "are"} left out.` : "",
  ].filter((note) => note !== undefined && note !== "");
  return figureOf({
    id,
    kind: "waterfall",
    title: "Batches over workers",
    description:
      `Each row is a worker, ${all} in all, and each bar the load of a batch over time: ` +
      `${counted(batches.length, "batch", "batches")} in ${time(duration)}.` +
      (failure?.batch === undefined ? "" : ` ${failedWords(failure.batch)}.`),
    height: (lanes + (isApart ? 1 : 0)) * laneHeight,
    body: rows(lanes) + timeAxis(duration) + drawn.join("") +
      (isApart ? failedRow(id, failure!.batch!, lanes * laneHeight) : ""),
    key: keyOf(
      [element("rect", { x: 1, y: 4, width: 16, height: 4, class: "map" }), "transform"],
      [
        element("rect", { x: 1, y: 5.5, width: 16, height: 1.5, class: "wait" }),
        "waits for a worker",
      ],
      [element("rect", { x: 1, y: 0, width: 16, height: 12, rx: 2, class: "busy" }), "load"],
      ...batchMarks(batches),
      ...(failed === undefined
        ? []
        : [[element("use", { href: "#mark-failed", x: 9, y: 6 }), "failed"]] as const),
    ),
    note: notes.length > 0 ? notes.join(" ") : undefined,
  });
}

function rows(lanes: number): string {
  return Array.from({ length: lanes }, (_, lane) => {
    const y = lane * laneHeight;
    const line = { x1: 0, x2: "100%", y1: y, y2: y, class: "grid" };
    const text = { x: -8, y: y + 15, "text-anchor": "end", class: "tick" };
    return element("line", line) + element("text", text, String(lane + 1));
  }).join("");
}

type FailedBatch = NonNullable<NonNullable<RunReport["failure"]>["batch"]>;

function failedWords({ sequence, size, offset }: FailedBatch): string {
  return `Batch ${count(sequence)} failed: ${counted(size, "item")} from offset ${count(offset)}`;
}

/** The batch that a run failed with, at its end, below the rows of the workers. */
function failedRow(id: string, batch: FailedBatch, y: number): string {
  return element(
    "g",
    { id: `${id.replace(/-waterfall$/, "")}-failed`, "data-failed": batch.sequence },
    element("title", {}, failedWords(batch)),
    element("line", { x1: 0, x2: "100%", y1: y, y2: y, class: "grid" }),
    element("use", { href: "#mark-failed", x: "100%", y: y + 11, class: "right" }),
    element(
      "text",
      { x: "100%", dx: -20, y: y + 15, "text-anchor": "end", class: "tag" },
      `Batch ${count(batch.sequence)} failed`,
    ),
  );
}

/** A batch: its load in full height, and below, in two tracks in turn, what came before. */
function batchAt(
  batch: TracedBatch,
  duration: number,
  turn: number,
  failedIn: string | false,
): string {
  const {
    sequence,
    lane,
    size,
    retries,
    deadLettered,
    batchedAt,
    transformedAt,
    loadStartedAt,
    endedAt,
  } = batch;
  const top = lane * laneHeight + 4;
  const track = top + loadHeight + 2 + turn % 2 * 5;
  const span = (from: number, to: number) => ({
    x: percentOf(from, duration),
    width: percentOf(Math.min(to, duration) - from, duration),
  });
  // A seam would hide a bar that is hardly wider.
  const kind = endedAt - loadStartedAt > duration * 0.01 ? "busy edge" : "busy";
  const load = { ...span(loadStartedAt, endedAt), y: top, height: loadHeight, rx: 2, class: kind };
  const isWide = endedAt - loadStartedAt > duration * 0.02 * (String(sequence).length + 1);
  const number = {
    x: percentOf((loadStartedAt + endedAt) / 2, duration),
    y: top + 10.5,
    class: "number",
  };
  const words = `batch ${sequence}: ${counted(size, "item")}, ${steps(batch)}` +
    (retries > 0 ? `, ${counted(retries, "retry", "retries")}` : "") +
    (deadLettered > 0 ? `, ${counted(deadLettered, "dead letter")}` : "");
  return element(
    "g",
    {
      "data-sequence": sequence,
      "data-lane": lane,
      ...(failedIn !== false &&
        { id: `${failedIn.replace(/-waterfall$/, "")}-failed`, "data-failed": sequence }),
    },
    element("title", {}, words),
    transformedAt > batchedAt
      ? element("rect", { ...span(batchedAt, transformedAt), y: track, height: 4, class: "map" })
      : "",
    loadStartedAt > transformedAt
      ? element("rect", {
        ...span(transformedAt, loadStartedAt),
        y: track + 1.25,
        height: 1.5,
        class: "wait",
      })
      : "",
    element("rect", load),
    failedIn !== false
      ? element("use", { href: "#mark-failed", x: number.x, y: top + 7 })
      : isWide && retries + deadLettered === 0
      ? element("text", number, String(sequence))
      : "",
    retries > 0
      ? element("use", { href: "#mark-retry", x: load.x, y: top + 7.5, class: "left" })
      : "",
    deadLettered > 0
      ? element("use", {
        href: "#mark-lost",
        x: percentOf(endedAt, duration),
        y: top + 7,
        class: "right",
      })
      : "",
  );
}

function steps(
  { batchedAt, transformedAt, loadStartedAt, endedAt }: TracedBatch,
): string {
  const parts = [
    transformedAt > batchedAt ? `transform ${time(transformedAt - batchedAt)}` : "",
    loadStartedAt > transformedAt ? `wait ${time(loadStartedAt - transformedAt)}` : "",
    `load ${time(endedAt - loadStartedAt)}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}
