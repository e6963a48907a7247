import { ConfigurationError, isOf, messageOf } from "../errors.ts";
import { fail } from "../options.ts";
import { nearestOf } from "../plain-options.ts";
import { readArguments } from "./arguments.ts";
import { type CommandEntry, exitCodes } from "./command.ts";
import { commands as allCommands } from "./commands.ts";
import { helpOf, overview } from "./help.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

/**
 * Runs a command line, and resolves with the exit code. It never rejects: errors are written to
 * `terminal.stderr`.
 */
export async function main(
  args: readonly string[],
  terminal: Terminal,
  commands: readonly CommandEntry[] = allCommands,
): Promise<number> {
  const [name = "--help", ...rest] = args;
  try {
    if (name === "--help" || name === "-h" || name === "help") {
      if (name === "help" && rest[0]) {
        return await runCommand(rest[0], ["--help"], terminal, commands);
      }
      const output = args.length === 0 ? terminal.stderr : terminal.stdout;
      output.write(overview(commands));
      return args.length === 0 ? exitCodes.usage : exitCodes.completed;
    }
    if (name === "--version" || name === "-v") {
      terminal.stdout.write(`${version}\n`);
      return exitCodes.completed;
    }
    return await runCommand(name, rest, terminal, commands);
  } catch (error) {
    return tell(error, terminal);
  }
}

async function runCommand(
  name: string,
  args: readonly string[],
  terminal: Terminal,
  commands: readonly CommandEntry[],
): Promise<number> {
  const entry = commands.find((entry) => entry.name === name) ?? unknown(name, commands);
  const command = await entry.load();
  const { values, positionals } = await readArguments(name, command, args);
  if (values["help"] === true) {
    terminal.stdout.write(helpOf(entry, command));
    return exitCodes.completed;
  }
  return await command.run(values, positionals, terminal);
}

function unknown(name: string, commands: readonly CommandEntry[]): never {
  const names = name.startsWith("-") ? ["--help", "--version"] : commands.map(({ name }) => name);
  const nearest = nearestOf(name, Object.fromEntries(names.map((name) => [name, true])));
  const kind = name.startsWith("-") ? "flag" : "command";
  return fail("read the command line", kind, `a known ${kind}, perhaps '${nearest}'`, name);
}

function tell(error: unknown, { stderr }: Terminal): number {
  stderr.write(`${messageOf(error)}\n`);
  return isOf(error, ConfigurationError) ? exitCodes.usage : exitCodes.failed;
}
