import { messageOf, propertyOf } from "../errors.ts";
import { showProgress } from "../adapters/progress/show-progress.ts";
import type { WatchedRun } from "../adapters/progress/payload.ts";
import type { ManagerReport } from "../manager-report-types.ts";
import type { RunReport, RunSnapshot } from "../report-types.ts";
import { stopOnInterrupt, type Stoppable } from "./interrupts.ts";
import { serveLive } from "./live.ts";
import { codeOf, jsonOf, wordsOf, wordsOfAll, worstOf } from "./outcome.ts";
import type { Terminal } from "./terminal.ts";
import { exitCodes } from "./command.ts";

/** Display options of a run. */
export interface FollowOptions {
  /** If true, a progress line is shown where standard error is a terminal. */
  readonly progress: boolean;
  /** If true, a page on the loopback interface follows the run. */
  readonly live: boolean;
  /** If true, the report is printed as JSON instead of in words. */
  readonly json: boolean;
}

/** End of a run. */
export interface Followed<R> {
  /** Its report, where it began. */
  readonly report: R | undefined;
  /** Its rejection. */
  readonly error: unknown;
  /** Number of times that Ctrl-C was pressed. */
  readonly interrupts: number;
}

/** Follows work to its end: Ctrl-C drains it, and on a terminal its progress is shown. */
export async function follow<R>(
  { finished, watched, ...work }: Stoppable & {
    readonly finished: Promise<R>;
    readonly watched: readonly WatchedRun[];
  },
  { progress, live }: Pick<FollowOptions, "progress" | "live">,
  terminal: Terminal,
): Promise<Followed<R>> {
  const release = stopOnInterrupt(work, terminal);
  const isShown = progress && terminal.stderr.isTTY === true;
  const shown = isShown ? showProgress(watched, undefined, { output: terminal.stderr }) : undefined;
  const close = live ? await liveOf(finished, watched, terminal) : undefined;
  let report: R | undefined;
  let error: unknown;
  try {
    report = await finished;
  } catch (reason) {
    error = reason;
  }
  await shown;
  await close?.();
  return { report, error, interrupts: release() };
}

/** Serves a page about what is watched; a run goes on if that cannot be done. */
async function liveOf(
  finished: Promise<unknown>,
  [run]: readonly WatchedRun[],
  terminal: Terminal,
): Promise<(() => Promise<void>) | undefined> {
  finished.catch(() => {}); // Whoever follows the run awaits it, a moment later.
  try {
    return await serveLive({ finished, snapshot: () => run!.snapshot() as RunSnapshot }, terminal);
  } catch (error) {
    terminal.stderr.write(`No page can be served: ${messageOf(error)}\n`);
    return undefined;
  }
}

/** End of a run that has begun. */
export interface EndedRun {
  readonly report: RunReport;
  /** Its rejection. */
  readonly error: unknown;
  /** The exit code of its outcome. */
  readonly code: number;
}

/** A run, as `Etl.start()` gives it. */
export interface FollowedRun extends WatchedRun, Stoppable {
  readonly finished: Promise<RunReport>;
}

/** Follows one run to its end. What it rejects with is thrown only if it has not begun. */
export async function followRun(
  run: FollowedRun,
  options: FollowOptions,
  terminal: Terminal,
): Promise<EndedRun> {
  const work = {
    finished: run.finished,
    watched: [run],
    drain: () => run.drain(),
    abort: () => run.abort(),
  };
  const { report: given, error } = await follow(work, options, terminal);
  const report = given ?? (propertyOf(error, "report") as RunReport | undefined);
  if (report === undefined) throw error;
  return { report, error, code: codeOf(report.outcome) };
}

/**
 * Says what a run did: in words on standard output, on standard error where it failed, or as JSON on
 * standard output, to which the members of `more` are added. `loadedWord` says what became of items.
 */
export function tellRun(
  { report, error, code }: EndedRun,
  options: Pick<FollowOptions, "json">,
  terminal: Terminal,
  more: object = {},
  loadedWord: string = "loaded",
): void {
  tell({ ...report, ...more }, wordsOf(report, loadedWord), code, options, terminal);
  if (error === undefined || report.failure !== undefined) return;
  terminal.stderr.write(`${messageOf(error)}\n`);
}

/** Says what the pipelines of a manager did. */
export function tellAll(
  report: ManagerReport,
  options: Pick<FollowOptions, "json">,
  terminal: Terminal,
): number {
  const code = codeOf(worstOf(report.reports));
  tell(report, wordsOfAll(report.reports), code, options, terminal);
  return code;
}

/** Says what was done, in words or as JSON. */
export function tell(
  report: unknown,
  words: string,
  code: number,
  { json }: Pick<FollowOptions, "json">,
  { stdout, stderr }: Terminal,
): void {
  if (json) stdout.write(jsonOf(report));
  const isBad = code === exitCodes.failed || code === exitCodes.aborted;
  if (isBad) stderr.write(words);
  else if (!json) stdout.write(words);
}
