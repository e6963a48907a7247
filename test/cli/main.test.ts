import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import type { Command, CommandEntry } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands.ts";
import { main } from "../../src/cli.ts";
import { ConfigurationError } from "../../src/errors.ts";
import { testTerminal } from "../support/cli/test-terminal.ts";

/** A command that notes what it is given. */
function echo(run: Command["run"] = async () => 0) {
  const calls: unknown[] = [];
  const command: Command = {
    usage: ["echo file [name] [options]", "echo --nothing"],
    options: {
      set: { type: "string", multiple: true, value: "key=value", description: "set it" },
      limit: { type: "string", short: "l", value: "n", description: "stop after n" },
      "dry-run": { type: "boolean", description: "do nothing" },
    },
    positionals: [1, 2],
    notes: "Exit codes: 0.",
    run: (values, positionals, terminal) => {
      calls.push([{ ...values }, positionals]);
      return run(values, positionals, terminal);
    },
  };
  const entry: CommandEntry = {
    name: "echo",
    summary: "says it again",
    load: async () => command,
  };
  const other: CommandEntry = {
    name: "other",
    summary: "is not loaded",
    load: () => Promise.reject(new Error("must not be loaded")),
  };
  return { calls, entries: [entry, other] };
}

async function run(args: readonly string[], command?: Command["run"]) {
  const { calls, entries } = echo(command);
  const terminal = testTerminal();
  const code = await main(args, terminal, entries);
  return { code, calls, out: terminal.out(), err: terminal.err() };
}

describe("main()", () => {
  it.each([[["--help"]], [["-h"]], [["help"]]])("shows all commands for %j", async (args) => {
    const { code, out } = await run(args);
    expect(code).toBe(0);
    expect(out).toBe(`Runs pipelines of millrace.

Usage: millrace <command> [options]

Commands:
  echo   says it again
  other  is not loaded

Options:
  -h, --help     show the help, or that of a command: millrace run --help
  -v, --version  show the version
`);
  });

  it("shows them for no arguments, which is wrong use", async () => {
    const { code, out, err } = await run([]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("Usage: millrace <command>");
  });

  it.each([[["echo", "--help"]], [["echo", "-h", "--wrong"]], [["help", "echo"]]])(
    "shows the help of a command for %j",
    async (args) => {
      const { code, out, calls } = await run(args);
      expect([code, calls]).toEqual([0, []]);
      expect(out).toBe(`millrace echo: says it again

Usage: millrace echo file [name] [options]
       millrace echo --nothing

Options:
  --set key=value  set it
  -l, --limit n    stop after n
  --dry-run        do nothing
  -h, --help       show this help

Exit codes: 0.
`);
    },
  );

  it.each([["--version"], ["-v"]])("shows the version of the package for %s", async (flag) => {
    const { code, out } = await run([flag]);
    expect([code, out]).toEqual([0, `${packageJson.version}\n`]);
  });

  it("hands a command its flags and its arguments, and returns its exit code", async () => {
    const args = ["echo", "a", "--set", "x=1", "-l", "-3", "--set=y=--2", "--dry-run", "--", "--b"];
    const { code, calls, err } = await run(args, async () => 3);
    const values = { set: ["x=1", "y=--2"], limit: "-3", "dry-run": true };
    expect([code, err]).toEqual([3, ""]);
    expect(calls).toEqual([[values, ["a", "--b"]]]);
  });

  it.each<[string[], string]>([
    [["ehco"], `'command' must be a known command, perhaps 'echo': current value is "ehco"`],
    [
      ["--versoin"],
      `'flag' must be a known flag, perhaps '--version': current value is "--versoin"`,
    ],
    [
      ["echo", "a", "--limt", "3"],
      `'flag' must be a flag of 'echo', perhaps '--limit': current value is "--limt"`,
    ],
    [
      ["echo", "a", "-x"],
      `'flag' must be a flag of 'echo', perhaps '-l': current value is "-x"`,
    ],
    [
      ["echo", "a", "--constructor"],
      `'flag' must be a flag of 'echo', perhaps '--set': current value is "--constructor"`,
    ],
    [
      ["echo", "a", "--limit"],
      "'--limit' must be given with a value, as '--limit n': current value is undefined",
    ],
    [
      ["echo", "a", "--limit", "--dry-run"],
      "'--limit' must be given with a value, as '--limit n': current value is \"--dry-run\"",
    ],
    [
      ["echo", "a", "--limit="],
      "'--limit' must be given with a value, as '--limit n': current value is \"\"",
    ],
    [
      ["echo", "a", "--dry-run=1"],
      "'--dry-run' must be given without a value: current value is \"1\"",
    ],
    [
      ["echo", "a", "-l", "1", "--limit", "2"],
      "'--limit' must be given only once: current value is \"2\"",
    ],
  ])("rejects %j, and names what is wrong", async (args, sentence) => {
    const { code, calls, out, err } = await run(args);
    expect(err).toBe(`Cannot read the command line as ${sentence}\n`);
    expect([code, calls, out]).toEqual([2, [], ""]);
  });

  it.each([[["echo"]], [["echo", "a", "b", "c"]]])(
    "rejects %j for the number of arguments",
    async (args) => {
      const { code, err } = await run(args);
      expect(code).toBe(2);
      expect(err).toBe(
        "Cannot read the command line as 'arguments' must be as in " +
          "'millrace echo file [name] [options]' or 'millrace echo --nothing': current value is " +
          `${args.length === 1 ? '""' : '"a b c"'}\n`,
      );
    },
  );

  it.each([
    [new ConfigurationError("Cannot do it"), 2, "Cannot do it\n"],
    [new Error("It broke"), 1, "It broke\n"],
    ["text", 1, "text\n"],
  ])("writes what a command throws: %s", async (error, expected, words) => {
    const { code, err } = await run(["echo", "a"], () => Promise.reject(error));
    expect([code, err]).toEqual([expected, words]);
  });
});

describe("every command", () => {
  it("has a help of one screen", async () => {
    for (const { name } of commands) {
      const terminal = testTerminal();
      expect(await main([name, "--help"], terminal)).toBe(0);
      expect(terminal.out()).toContain(`Usage: millrace ${name}`);
      const lines = terminal.out().split("\n");
      expect(lines.length).toBeLessThanOrEqual(40);
      expect(lines.filter((line) => line.length > 100)).toEqual([]);
    }
  });
});
