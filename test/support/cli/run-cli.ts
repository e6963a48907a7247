import { main } from "../../../src/cli/main.ts";
import { fileURLToPath } from "node:url";
import { type TestTerminal, testTerminal } from "./test-terminal.ts";

/** The folder of the modules that tests run. */
export const modules: string = fileURLToPath(new URL("./modules", import.meta.url));

/** How a command line ended, and what it wrote. */
export interface EndedCli {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in a folder; the arguments are split at spaces. */
export async function runCli(
  line: string | readonly string[],
  terminal: TestTerminal = testTerminal({ folder: modules }),
): Promise<EndedCli> {
  const code = await main(typeof line === "string" ? line.split(" ") : line, terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}
