import type { CommandEntry } from "./command.ts";

/** All commands, in the order of `--help`. Each is imported only when it is called. */
export const commands: readonly CommandEntry[] = [
  {
    name: "run",
    summary: "run a pipeline, a manager or a job of a module",
    load: async () => (await import("./run/run-command.ts")).runCommand,
  },
  {
    name: "copy",
    summary: "copy rows between files, SQLite and PostgreSQL",
    load: async () => (await import("./copy/copy-command.ts")).copyCommand,
  },
  {
    name: "replay",
    summary: "feed the dead letters of a file back into a pipeline",
    load: async () => (await import("./replay/replay-command.ts")).replayCommand,
  },
  {
    name: "report",
    summary: "say what a run did, or draw it as a page, from its report",
    load: async () => (await import("./report/report-command.ts")).reportCommand,
  },
  {
    name: "checkpoints",
    summary: "list, show or reset what is finished in a store",
    load: async () => (await import("./checkpoints/checkpoints-command.ts")).checkpointsCommand,
  },
];
