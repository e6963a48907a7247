import type { ManagerReport } from "../../manager-report-types.ts";
import { messageOf } from "../../errors.ts";
import { checkOptions, fail, oneOf, type OptionTable, positive } from "../../options.ts";
import type { RunReport } from "../../report-types.ts";
import { setTimer } from "../../runtime/timer.ts";
import { label } from "./markup.ts";
import type { ReportedJob } from "./plain-report.ts";
import { viewOf } from "./page.ts";
import { type FollowedSnapshot, renderProgress } from "./progress-section.ts";
import { reportView } from "./render-report.ts";
import { endFacts } from "./run-section.ts";

/** The subset of a run, a manager's run, or a job of `millrace/jobs` that is used. */
export interface FollowedRun {
  /** Settles when the run is over. */
  readonly finished: Promise<unknown>;
  /** Returns the progress of the run. */
  snapshot(): FollowedSnapshot;
}

/** Options of `progressEvents`. */
export interface ProgressEventsOptions {
  /**
   * Time between two events in milliseconds, a number above 0.
   * @default {1000}
   */
  interval?: number | undefined;
  /**
   * Data of the events. `"html"`: the HTML that `progressPage` shows; `"json"`: snapshots, and finally
   * the report.
   * @default {"html"}
   */
  format?: "html" | "json" | undefined;
}

const action = "send progress";
const options: OptionTable<ProgressEventsOptions> = {
  interval: [positive, 1000],
  format: [oneOf("html", "json"), "html"],
};

/**
 * Returns a response of server-sent events about a run: `progress` at once and in every interval, and
 * `end` once, with its report, when the run is over, however it ended. An `EventSource` that reconnects
 * gets the current progress.
 *
 * Snapshots are taken only while somebody reads. A reader that disconnects leaves no timer, and the run
 * continues. Each reader needs its own response.
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule, or the argument is not a run.
 *
 * @example Snapshots as JSON
 * ```ts
 * import { etl } from "millrace";
 * import { progressEvents } from "millrace/report";
 * import { match } from "node:assert/strict";
 *
 * const run = etl({ name: "films", extract: () => [1, 2, 3], load: () => {} }).start();
 * const response = progressEvents(run, { format: "json" });
 * match(await response.text(), /event: end\ndata: \{.*"loaded":3/);
 * ```
 */
export function progressEvents(
  run: FollowedRun,
  settings: ProgressEventsOptions = {},
): Response {
  const { interval, format } = checkOptions<ProgressEventsOptions>(action, settings, options);
  if (typeof run?.snapshot !== "function" || typeof run.finished?.then !== "function") {
    fail(action, "run", "a run from start(), or a job", run);
  }
  return new Response(eventStream(run, interval!, format === "json"), {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no", // A proxy is not to keep events until it has many.
    },
  });
}

function eventStream(run: FollowedRun, interval: number, isJson: boolean): ReadableStream {
  const encoder = new TextEncoder();
  let wake = () => {};
  let isFirst = true;
  let isGone = false; // Nobody reads it any more.
  const ending = endingOf(run.finished);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!isFirst && ending.data === undefined) {
        await new Promise<void>((resolve) => {
          wake = () => {
            cancel();
            ending.listeners.delete(wake);
            resolve();
          };
          const cancel = setTimer(interval, wake);
          ending.listeners.add(wake);
        });
      }
      if (isGone) return;
      const lead = isFirst ? "retry: 2000\n\n" : "";
      isFirst = false;
      const send = (name: string, data: string) =>
        controller.enqueue(encoder.encode(`${lead}${eventOf(name, data)}`));
      if (ending.data === undefined) {
        const snapshot = run.snapshot();
        return send("progress", isJson ? json(snapshot) : renderProgress(snapshot));
      }
      send("end", ending.data(isJson));
      controller.close();
    },
    cancel() {
      isGone = true;
      wake();
    },
  }, { highWaterMark: 0 });
}

/** The end of a run: its data once it is over, and the functions that wait for it. */
interface Ending {
  data: ((isJson: boolean) => string) | undefined;
  readonly listeners: Set<() => void>;
}

/** A promise keeps all that wait for it: each reader by itself would stay until the run is over. */
const endings = new WeakMap<Promise<unknown>, Ending>();

function endingOf(finished: Promise<unknown>): Ending {
  const known = endings.get(finished);
  if (known !== undefined) return known;
  const ending: Ending = { data: undefined, listeners: new Set() };
  endings.set(finished, ending);
  const over = (data: Ending["data"]) => {
    ending.data = data;
    for (const listener of ending.listeners) listener();
  };
  finished.then(
    (report) => over((isJson) => isJson ? json(report) : endView(report)),
    (error) => over((isJson) => isJson ? json(reportIn(error) ?? said(error)) : errorView(error)),
  );
  return ending;
}

/** An event as the protocol has it: each line of its data on its own. */
function eventOf(name: string, data: string): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `event: ${name}\n${lines.join("")}\n`;
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, each) => typeof each === "bigint" ? String(each) : each);
}

/** Final view of something that is over. */
function endView(report: unknown): string {
  return reportView(report as RunReport | ManagerReport | ReportedJob);
}

function errorView(error: unknown): string {
  const report = reportIn(error);
  if (report !== undefined) return endView(report);
  const message = label(messageOf(error), 1000);
  const card =
    `<section class="run"><div class="card words bad" data-failure><h3>What failed</h3>` +
    `<p class="message">${message}</p></div></section>`;
  return viewOf(endFacts("failed", undefined, []), card);
}

/** The report that an error has: of a run, or of the pipelines of a manager. */
function reportIn(error: unknown): object | undefined {
  const { report, reports } = Object(error) as { report?: object; reports?: unknown };
  if (!Array.isArray(reports)) return report;
  const outcomes: unknown[] = reports.map((each) => each?.outcome);
  const isStopped = outcomes.includes("aborted") && !outcomes.includes("failed");
  return { reports, outcome: isStopped ? "aborted" : "failed" };
}

function said(error: unknown): object {
  return { outcome: "failed", failure: { message: messageOf(error) } };
}
