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
];
