import { about, count, counted, perSecond, time } from "../../explain/quantities.ts";
import type { ManagerReport } from "../../manager-report-types.ts";
import type { RunReport } from "../../report-types.ts";
import { label } from "./markup.ts";
import { wasRun } from "./plain-report.ts";
import { tellAll } from "./setup.ts";
import { lettersTile, loadedTile, type Tile, tilesOf } from "./tiles.ts";

/** Which pipelines failed and with what, each with a link to its section; nothing if none did. */
export function failedList({ reports }: ManagerReport): string {
  const failed = reports.flatMap((report, index) => {
    if (!wasRun(report) || report.failure === undefined) return [];
    const { stage, message } = report.failure;
    return `<li><a href="#run-${index + 1}"><bdi>${label(nameOf(report))}</bdi></a> in ${
      label(stage, 20)
    }: <bdi>${label(message, 240)}</bdi></li>`;
  });
  if (failed.length === 0) return "";
  return `<div class="card words bad list" data-list="failed"><h3>What failed</h3><ul>${
    failed.join("")
  }</ul></div>`;
}

/** The key figures of all pipelines together. */
export function totals({ reports }: ManagerReport): string {
  const runs = reports.filter(wasRun);
  const sum = (of: (report: RunReport) => number) =>
    runs.reduce((total, report) => total + of(report), 0);
  const counts = {
    extracted: sum(({ extracted }) => extracted),
    loaded: sum(({ loaded }) => loaded),
    skipped: sum(({ skipped }) => skipped),
    deadLettered: sum(({ deadLettered }) => deadLettered),
    returned: sum(({ returned }) => returned),
    pending: sum(({ pending }) => pending),
    ...{ rows: sum(({ rows }) => rows), earlier: sum(({ earlier }) => earlier) },
  };
  const ended: Record<string, number> = {};
  for (const { outcome } of reports) {
    const name = label(outcome, 20);
    ended[name] = (ended[name] ?? 0) + 1;
  }
  return tilesOf([
    {
      ...{ name: "Pipelines", figure: "pipelines", number: reports.length },
      ...{ value: count(reports.length), more: tellAll(ended) },
    },
    loadedTile(counts),
    lettersTile(counts),
    durationTile(runs, counts.extracted - counts.pending),
  ]);
}

/** From the first start to the last end. */
function durationTile(runs: readonly RunReport[], done: number): Tile {
  const ends = runs.map(({ startedAt, duration }) => startedAt + duration);
  const duration = runs.length === 0
    ? 0
    : Math.max(...ends) - Math.min(...runs.map(({ startedAt }) => startedAt));
  return {
    ...{ name: "Duration", figure: "duration", number: duration, value: time(duration) },
    more: `${about(perSecond(done, duration))} items/s, ${
      counted(runs.reduce((total, { retries }) => total + retries, 0), "retry", "retries")
    }`,
  };
}

/** The name of a run, with its partition if it has one. */
function nameOf({ name, partition }: RunReport): string {
  return partition === undefined ? name : `${name} ${partition}`;
}
