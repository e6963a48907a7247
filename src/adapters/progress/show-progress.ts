import { callable, checkOptions, fail, type OptionTable, positive } from "../../options.ts";
import { setTimer } from "../../runtime/timer.ts";
import { BarDisplay, type ProgressBar, type ProgressBars } from "./bar-display.ts";
import type { Display } from "./display.ts";
import { plainLines, redrawnLines } from "./line-display.ts";
import { isRedrawable, type ProgressOutput, standardOutput } from "./output.ts";
import { type ProgressPayload, Tracker, type WatchedRun } from "./payload.ts";

/** Options of a progress display. */
export interface ShowProgressOptions {
  /**
   * Number of items that a run will read, if known: a number, at least 0, or a function that receives the
   * name of the pipeline and is called at every redraw.
   * @default {snapshot().total} the run's option `total`, or the length of an array
   */
  total?: number | ((name: string) => number | undefined) | undefined;
  /**
   * Time between two redraws in milliseconds, a number above 0.
   * @default {100} in a terminal and for a bar; 10 000 for plain lines
   */
  interval?: number | undefined;
  /**
   * Output for lines; not used with a bar.
   * @default {process.stderr} if available, otherwise the console
   */
  output?: ProgressOutput | undefined;
  /**
   * Called once with an error of a bar, an output or `total`. After that nothing more is shown, and the
   * run continues.
   * @default {undefined} errors are ignored
   */
  onError?: ((error: unknown) => void) | undefined;
}

const action = "show progress";
const options: OptionTable<ShowProgressOptions> = {
  total: [{
    expected: "a number of at least 0 or a function",
    test: (value) => typeof value === "function" || (typeof value === "number" && value >= 0),
  }],
  interval: [positive],
  output: [{ expected: "an object with write()", test: (value) => has(value, "write") }],
  onError: [callable],
};

/**
 * Shows the progress of a run until it is over, and its final state. If you pass a bar, it starts,
 * updates and stops that bar. Otherwise it writes lines: in a terminal one line per run, redrawn in
 * place; elsewhere a plain line about all runs every 10 s, and a last one.
 *
 * Resolves once the final state is shown, however the run ended. It never rejects because of a run, a bar
 * or an output, and leaves no timer. Several runs need a group of bars, such as a `MultiBar`: each run
 * gets one of its bars, and the group is stopped when all are over.
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule, or an argument is not a run or
 *   a bar.
 *
 * @example A line about a run
 * ```ts
 * import { etl } from "millrace";
 * import { showProgress } from "millrace/progress";
 * import { equal } from "node:assert/strict";
 *
 * let shown = "";
 * const output = { write: (text: string) => shown += text };
 * const run = etl({ name: "films", extract: () => [1, 2, 3], load: () => {} }).start();
 * await showProgress(run, undefined, { output });
 * equal(shown.startsWith("films: completed, 100% of 3, 3 loaded, "), true);
 * ```
 */
export async function showProgress(
  run: WatchedRun | readonly WatchedRun[],
  bar?: ProgressBar | ProgressBars,
  settings: ShowProgressOptions = {},
): Promise<void> {
  const runs = checkRuns(run);
  checkBar(bar, Array.isArray(run));
  type Open = keyof ShowProgressOptions;
  const checked = checkOptions<ShowProgressOptions, Open>(action, settings, options);
  if (bar !== undefined && checked.output !== undefined) {
    fail(
      action,
      "output",
      "omitted if 'bar' is given, which has an output of its own",
      checked.output,
    );
  }
  if (runs.length === 0) return;
  const output = checked.output ?? standardOutput();
  const isDrawn = bar !== undefined || isRedrawable(output);
  const interval = checked.interval ?? (isDrawn ? 100 : 10_000);
  const tell = teller(checked.onError);
  const lines = isDrawn ? redrawnLines : plainLines;
  const display = bar === undefined ? lines(output, tell) : new BarDisplay(bar);
  const { total } = checked;
  const totalOf = typeof total === "function" ? total : () => total;
  // Long enough that a load now and then gives a steady rate, short enough to be of now.
  const window = Math.max(5_000, interval * 5);
  await show(display, runs.map((each) => new Tracker(each, totalOf, window)), interval, tell);
}

/** Draws at once, at every interval, and when all runs are over. */
async function show(
  display: Display,
  trackers: readonly Tracker[],
  interval: number,
  tell: (error: unknown) => void,
): Promise<void> {
  let isBroken = false;
  let stopTimer = () => {};
  const attempt = (draw: (payloads: readonly ProgressPayload[]) => void) => {
    if (isBroken) return;
    try {
      draw(trackers.map((tracker) => tracker.payload()));
    } catch (error) {
      isBroken = true;
      display.abandon();
      tell(error);
    }
  };
  const repeat = () => {
    attempt((payloads) => display.draw(payloads));
    if (!isBroken) stopTimer = setTimer(interval, repeat);
  };
  repeat();
  await Promise.all(trackers.map((tracker) => tracker.over()));
  stopTimer();
  attempt((payloads) => display.end(payloads));
}

/** Reports only the first error, as a broken output may throw at every call. */
function teller(onError: ((error: unknown) => void) | undefined): (error: unknown) => void {
  let isTold = false;
  return (error) => {
    if (isTold) return;
    isTold = true;
    try {
      onError?.(error);
    } catch {
      // Who throws it knows it, and the run is not to be disturbed by it.
    }
  };
}

function checkRuns(run: WatchedRun | readonly WatchedRun[]): readonly WatchedRun[] {
  const runs: readonly WatchedRun[] = Array.isArray(run) ? [...run] : [run];
  for (const each of runs) {
    if (!has(each, "snapshot") || !has(each.finished, "then")) {
      fail(action, "run", "a run from start(), or an array of runs", each);
    }
  }
  return runs;
}

function checkBar(bar: unknown, isForMany: boolean): void {
  if (bar === undefined || has(bar, "create", "stop")) return;
  if (isForMany) fail(action, "bar", "a group with create() and stop() for several runs", bar);
  if (has(bar, "start", "update", "stop")) return;
  fail(action, "bar", "an object with start(), update() and stop()", bar);
}

function has(value: unknown, ...methods: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  return methods.every((method) => typeof Reflect.get(value, method) === "function");
}
