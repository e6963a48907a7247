import { about, count, counted, perSecond, time } from "../../explain/quantities.ts";
import { element, label, percentOf, shareOf, short } from "./markup.ts";
import type { ReportedJob } from "./plain-report.ts";
import { keyOf } from "./plot.ts";
import { copied, tellAll } from "./setup.ts";
import { lettersTile, loadedTile, tilesOf } from "./tiles.ts";

/** All about one job, below its heading. */
export function jobBody(job: ReportedJob): string {
  return `${deadList(job)}
<div class="card words"><h3>In words</h3><p data-explanation>${jobWords(job)}</p></div>
${partitionBar("job", job.partitions)}
${jobTiles(job)}`;
}

/** Sentence or two about the end of a job; HTML. */
function jobWords({ outcome, reason, partitions, duration, pending }: ReportedJob): string {
  const { total, completed, dead, cancelled } = partitions;
  const all = counted(total, "partition");
  const how = outcome === "completed"
    ? `All ${all} completed in ${time(duration)}.`
    : `The job ${outcome === "failed" ? "failed" : `was ${label(outcome, 20)}`} after ${
      time(duration)
    }: ${count(completed)} of ${all} completed.`;
  return [
    how,
    reason === undefined ? "" : `It was cancelled: <bdi>${label(reason, 240)}</bdi>.`,
    dead > 0
      ? `${
        counted(dead, "partition")
      } failed too often. To load what is missing, remove the cause ` +
        `and start a job of another name.`
      : "",
    cancelled > 0 ? `${counted(cancelled, "partition")} did not finish.` : "",
    pending > 0 ? `Read but not finished: ${counted(pending, "item")}.` : "",
  ].filter((words) => words !== "").join(" ");
}

function deadList({ dead }: ReportedJob): string {
  if (dead.length === 0) return "";
  const shown = dead.slice(0, 100).map(({ partition, error, failures, begun, loaded }) => {
    const how = [
      ...(failures > 0 ? [`after ${counted(failures, "earlier failure")}`] : []),
      ...(begun > 1 ? [`started ${count(begun)} times without progress`] : []),
      `${counted(loaded, "item")} loaded`,
    ].join(", ");
    return `<li>${copied(partition)} <bdi>${
      label(error ?? "all its workers were lost", 240)
    }</bdi> <small>${how}</small></li>`;
  });
  const more = dead.length - shown.length;
  return `<div class="card words bad list" data-list="dead"><h3>Partitions that failed</h3><ul>${
    shown.join("")
  }${more > 0 ? `<li>${count(more)} more</li>` : ""}</ul></div>`;
}

const states = { completed: "map", held: "busy", cancelled: "limited", dead: "backoff" } as const;

/** Partitions by what became of them; `held` are those that workers have. */
export function partitionBar(
  id: string,
  partitions: Readonly<Record<"total" | "completed" | "dead" | "cancelled", number>> & {
    readonly held?: number;
  },
): string {
  const { total } = partitions;
  const parts = (Object.keys(states) as (keyof typeof states)[])
    .map((state) => ({ state, many: partitions[state] ?? 0 }))
    .filter(({ many }) => many > 0);
  let from = 0;
  const drawn = parts.map(({ state, many }) => {
    const x = percentOf(from, total);
    from += many;
    const box = { x, y: 0, width: percentOf(many, total), height: 18, class: states[state] };
    const title = element("title", {}, `${count(many)} ${state}`);
    return element("rect", { ...box, "data-partitions": short(many), "data-state": state }, title);
  });
  const words = tellAll(Object.fromEntries(parts.map(({ state, many }) => [state, many])));
  const svg = element(
    "svg",
    {
      ...{ role: "img", "aria-labelledby": `${id}-parts-t ${id}-parts-d`, class: "bar" },
      ...{ width: "100%", height: 18 },
    },
    element("title", { id: `${id}-parts-t` }, "Partitions"),
    element("desc", { id: `${id}-parts-d` }, `Of ${counted(total, "partition")}: ${words || "–"}`),
    ...drawn,
  );
  const key = keyOf(...parts.map(({ state, many }) =>
    [
      element("rect", { y: 1, width: 14, height: 10, rx: 2, class: `${states[state]} framed` }),
      `${count(many)} ${state} (${shareOf(many / total)})`,
    ] as const
  ));
  return `<div class="card"><h3>${counted(total, "partition")}</h3>${svg}${key}</div>`;
}

function jobTiles(job: ReportedJob): string {
  const { partitions, duration, extracted, pending, returned } = job;
  const { total, completed, dead, cancelled } = partitions;
  return tilesOf([
    {
      ...{ name: "Partitions completed", figure: "partitions", number: completed },
      ...{
        value: count(completed),
        more: [`of ${count(total)}`, tellAll({ dead, cancelled })].filter(Boolean).join(", "),
      },
    },
    loadedTile(job),
    lettersTile(job),
    {
      ...{ name: "Duration", figure: "duration", number: duration, value: time(duration) },
      more: `${about(perSecond(extracted - pending - returned, duration))} items/s by all workers`,
    },
  ]);
}
