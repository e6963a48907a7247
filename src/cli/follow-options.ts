import type { CommandOption, Values } from "./command.ts";
import type { FollowOptions } from "./follow-run.ts";

/** Flags of all commands that run something. */
export const followOptions: Readonly<Record<string, CommandOption>> = {
  report: { type: "string", value: "page.html", description: "write a page about the run" },
  json: { type: "boolean", description: "print the report as JSON, and nothing else" },
  live: { type: "boolean", description: "serve a page that follows the run, on this machine only" },
  "no-progress": { type: "boolean", description: "show no progress line on a terminal" },
};

/** Last lines of the help of commands that run something. */
export const codeNotes: string =
  `Ctrl-C drains the run, a second one aborts it, a third one ends the process.
Exit codes: 0 completed, 1 failed, 2 wrong arguments or options, 3 drained or paused (run it again
to continue), 130 aborted.`;

/** Returns the display options of a run, by the flags. */
export function readFollowOptions(values: Values): FollowOptions {
  return {
    ...{ progress: values["no-progress"] !== true, json: values["json"] === true },
    live: values["live"] === true,
  };
}
