#!/usr/bin/env node
/**
 * The command line, `npx millrace`. Run as a program it does what its arguments say; imported it
 * does nothing, and `main` is what the program calls.
 *
 * @example Show the help
 * ```ts
 * import { main } from "millrace/cli";
 * import { match } from "node:assert/strict";
 *
 * let shown = "";
 * const output = { write: (text: string) => void (shown += text) };
 * const code = await main(["--help"], {
 *   stdout: output,
 *   stderr: output,
 *   folder: "/",
 *   environment: {},
 *   onInterrupt: () => () => {},
 *   exit: () => {},
 * });
 * match(shown, /Usage: millrace <command>/);
 * ```
 * @module
 */
import { endProcess, failWhenIdle, hostProcess, hostTerminal } from "./cli/host-terminal.ts";
import { isProgram } from "./cli/is-program.ts";
import { main } from "./cli/main.ts";

export { main };
export type { Command, CommandEntry, CommandOption, Values } from "./cli/command.ts";
export type { Output, Terminal } from "./cli/terminal.ts";

// Not awaited here: `require()` loads no module that awaits.
if (isProgram(import.meta)) void start();

async function start(): Promise<void> {
  const host = await hostProcess();
  failWhenIdle(host);
  await endProcess(host, await main(host.argv.slice(2), hostTerminal(host)));
}
