import { about, coarseTime, count, counted, percent, perSecond } from "../../explain/quantities.ts";
import type { ManagerSnapshot } from "../../manager-report-types.ts";
import { fail } from "../../options.ts";
import type { ItemCounts, RunReport, RunSnapshot } from "../../report-types.ts";
import { partitionBar } from "./job-section.ts";
import { element, escape, label, percentOf, short } from "./markup.ts";
import { viewOf } from "./page.ts";
import { pipelineRow } from "./pipeline-row.ts";
import {
  isObject,
  listOf,
  numbers,
  objectOf,
  plainJob,
  plainRun,
  type ReportedJob,
  text,
  type Unknown,
} from "./plain-report.ts";
import { endFacts } from "./run-section.ts";
import { copied, tellAll } from "./setup.ts";
import { stageNames } from "./shares.ts";
import { lettersTile, loadedTile, type Tile, tilesOf } from "./tiles.ts";

/** Progress of a job of `millrace/jobs`: the subset of its snapshot that is used. */
export interface FollowedJob
  extends ItemCounts, Pick<ReportedJob, "name" | "rows" | "earlier" | "duration"> {
  /** Its state. */
  readonly state: string;
  /** Number of partitions by state; `held` are those that a worker has now. */
  readonly partitions: ReportedJob["partitions"] & { readonly held?: number };
}

/** A snapshot of a run, a manager or a job. */
export type FollowedSnapshot = RunSnapshot | ManagerSnapshot | FollowedJob;

const action = "render progress";

/**
 * Returns the progress of a run, of the pipelines of a manager, or of a job, as a part of a page: its
 * `header` and `main`, without a style. `progressPage` shows them.
 *
 * @throws {ConfigurationError} If the argument is not a snapshot.
 *
 * @example The share of a run that is done
 * ```ts
 * import { etl } from "millrace";
 * import { renderProgress } from "millrace/report";
 * import { match } from "node:assert/strict";
 *
 * const run = etl({ name: "films", extract: () => [1, 2, 3], load: () => {} }).start();
 * await run.finished;
 * match(renderProgress(run.snapshot()), /100 % of 3 items/);
 * ```
 */
export function renderProgress(snapshot: FollowedSnapshot): string {
  const fields = objectOf(snapshot);
  if (Array.isArray(fields.pipelines)) return ofManager(fields);
  if (isObject(fields.partitions)) return ofJob(fields);
  if (!isObject(fields.stages)) fail(action, "snapshot", "a snapshot of a run", snapshot);
  return ofRun(fields);
}

function ofRun(fields: Unknown): string {
  const run = plainRun(action, fields);
  const { name, runId, duration, rate, retries, inFlight, queued } = {
    ...run,
    inFlight: numbers(objectOf(fields.inFlight), ["transform", "load"]),
    queued: numbers(objectOf(fields.queued), ["items", "batches"]),
  };
  const top = headOf("a run", name) +
    endFacts(text(fields.state), undefined, [
      `for ${coarseTime(duration)}`,
      `run ${copied(runId)}`,
    ]);
  const batches = (many: number, where: string) =>
    many > 0 ? [`${counted(many, "batch", "batches")} ${where}`] : [];
  const working = [
    ...(queued.items > 0 ? [`${counted(queued.items, "item")} read for the next batch`] : []),
    ...batches(inFlight.transform, "in transform"),
    ...batches(queued.batches, "ready for a worker"),
    ...batches(inFlight.load, "in load"),
  ].join(", ");
  const body = `<section class="run" id="run-1">${progressCard(fields, run)}
${tilesOf([loadedTile(run), lettersTile(run), rateTile(rate, retries), durationTile(duration)])}
${pipelineRow("run-1", { ...run, bottleneck: busiestOf(run) })}
<p class="card note">${
    working === "" ? "Nothing is in flight." : `In flight: ${working}.`
  }</p></section>`;
  return viewOf(top, body);
}

function ofManager(fields: Unknown): string {
  const pipelines = listOf(fields.pipelines);
  const { duration, retries } = numbers(fields, ["duration", "retries"]);
  const counts = { rows: fields.loaded, earlier: 0, returned: 0, ...fields };
  const all = plainJob(counts);
  const states: Record<string, number> = {};
  for (const { state } of pipelines) {
    const name = label(text(state), 20);
    states[name] = (states[name] ?? 0) + 1;
  }
  const top = headOf("a manager", counted(pipelines.length, "pipeline")) +
    endFacts(text(fields.state), undefined, [`for ${coarseTime(duration)}`]);
  const rows = pipelines.map((each) => {
    const head = `<h3><bdi>${label(text(each.name))}</bdi></h3>`;
    if (!isObject(each.stages)) {
      return `<div class="card">${head}${endFacts(text(each.state), undefined, [])}</div>`;
    }
    const run = plainRun(action, each);
    return `<div class="card">${head}${
      endFacts(text(each.state), undefined, [
        `${count(run.loaded)} loaded`,
        `${about(run.rate)} items/s`,
        ...(each.state === "ended" && run.pending > 0
          ? [`<b class="alarm">${count(run.pending)} pending</b>`]
          : []),
      ])
    }${shareBar(each, run)}</div>`;
  });
  const tiles = tilesOf([
    {
      ...{ name: "Pipelines", figure: "pipelines", number: pipelines.length },
      ...{ value: count(pipelines.length), more: tellAll(states) },
    },
    loadedTile(all),
    lettersTile(all),
    rateTile(perSecond(all.extracted - all.pending, duration), retries),
  ]);
  return viewOf(top, `<section class="run">${tiles}${rows.join("")}</section>`);
}

function ofJob(fields: Unknown): string {
  const job = plainJob(fields);
  const { name, duration, extracted, pending, returned } = job;
  const held = numbers(objectOf(fields.partitions), ["held"]).held || 0;
  const top = headOf("a job", name) +
    endFacts(text(fields.state), undefined, [`for ${coarseTime(duration)}`]);
  const rate = perSecond(extracted - pending - returned, duration);
  const tiles = [loadedTile(job), lettersTile(job), rateTile(rate), durationTile(duration)];
  const body = partitionBar("job", { ...job.partitions, held }) + tilesOf(tiles);
  return viewOf(top, `<section class="run">${body}</section>`);
}

/** The heading of a view. */
function headOf(what: string, name: string): string {
  return `<p class="kicker">Progress of ${what}</p><h1><bdi>${label(name, 90)}</bdi></h1>`;
}

function progressCard(fields: Unknown, run: RunReport): string {
  const bar = shareBar(fields, run);
  return bar === "" ? "" : `<div class="card">${bar}</div>`;
}

/** Bar of the expected amount with words; nothing if it is unknown. */
function shareBar(fields: Unknown, run: RunReport): string {
  const { loaded, skipped, deadLettered, returned, total } = run;
  const bytes = isObject(fields.bytes) ? numbers(fields.bytes, ["read", "total"]) : undefined;
  const isOfItems = typeof total === "number";
  const done = isOfItems ? loaded + skipped + deadLettered + returned : bytes?.read ?? NaN;
  const whole = isOfItems ? total : bytes?.total ?? NaN;
  if (!(whole > 0) || !(done >= 0)) return "";
  const unit = isOfItems ? "items" : "bytes";
  const { eta } = numbers(fields, ["eta"]);
  const words = done > whole
    ? `${count(done)} ${unit}, past the ${count(whole)} that were expected`
    : `${percent(done / whole)} of ${count(whole)} ${unit}${
      eta > 0 ? `, about ${coarseTime(eta)} left` : ""
    }`;
  const box = { width: percentOf(done, whole), height: 18, class: "busy" };
  const svg = element(
    "svg",
    {
      ...{ role: "progressbar", "aria-label": words, "aria-valuemin": 0, "aria-valuemax": 1 },
      ...{ "aria-valuenow": short(Math.min(1, done / whole)), class: "bar", width: "100%" },
      height: 18,
    },
    element("rect", { ...box, "data-progress": short(done / whole) }),
  );
  return `${svg}<p class="unit">${escape(words)}</p>`;
}

function rateTile(rate: number, retries: number = NaN): Tile {
  return {
    ...{
      name: "Rate",
      figure: "rate",
      number: rate,
      value: `${about(rate)} <small>items/s</small>`,
    },
    more: Number.isNaN(retries) ? "of all workers" : counted(retries, "retry", "retries"),
  };
}

function durationTile(duration: number): Tile {
  return {
    ...{ name: "Duration", figure: "duration", number: duration, value: coarseTime(duration) },
    more: "so far",
  };
}

/** The stage that was at work, or waited for its own attempts or limit, for the largest share. */
function busiestOf({ stages }: RunReport): RunReport["bottleneck"] {
  const taken = (stage: (typeof stageNames)[number]) => {
    const { busy, backoff = 0, limited = 0 } = stages[stage];
    return busy + backoff + limited;
  };
  return [...stageNames].sort((a, b) => taken(b) - taken(a))[0]!;
}
