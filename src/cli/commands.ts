import type { CommandEntry } from "./command.ts";

/** All commands, in the order of `--help`. Each is imported only when it is called. */
export const commands: readonly CommandEntry[] = [];
