import cliProgress from "cli-progress";
import process from "node:process";
import type { ProgressBars } from "../src/adapters/progress.ts";

/** Bars, one for each pipeline, where there is a terminal to draw them in. */
export function progressBars(): ProgressBars | undefined {
  const format = "[{bar}] {percentage}% of {total} {name} | {state}";
  return process.stderr.isTTY ? new cliProgress.MultiBar({ format }) : undefined;
}
