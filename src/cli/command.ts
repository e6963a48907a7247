import type { Terminal } from "./terminal.ts";

/** A flag of a command, as `parseArgs` of `node:util` knows it, and as `--help` shows it. */
export interface CommandOption {
  /** Type of the flag: one with a value, or without. */
  readonly type: "string" | "boolean";
  /** If true, it may be given several times; its value is then an array. */
  readonly multiple?: boolean;
  /** Its one-letter form, without the dash. */
  readonly short?: string;
  /** Name of the value in `--help`, such as `n` for `--limit n`. */
  readonly value?: string;
  /** Description, in one line. */
  readonly description: string;
}

/** The flags of a command line: those of type "string" have text, the others `true`. */
export type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** A command: `millrace <name> …`. */
export interface Command {
  /** All forms, one per line, without the word "millrace": `run file.ts [name] [options]`. */
  readonly usage: readonly string[];
  /** The flags by their long names, without dashes. `--help` is a flag of every command. */
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Minimum and maximum number of arguments that are not flags. */
  readonly positionals: readonly [min: number, max: number];
  /** Text below the flags in `--help`, such as exit codes: lines without a final newline. */
  readonly notes?: string;
  /**
   * Runs the command, and returns the exit code, one of `exitCodes`. It throws `ConfigurationError` for
   * arguments that break a rule (exit code 2), and any other error for work that failed (exit code 1).
   * `main` prints the message.
   */
  run(values: Values, positionals: readonly string[], terminal: Terminal): Promise<number>;
}

/** A command that is loaded when it is called. */
export interface CommandEntry {
  /** The word after "millrace". */
  readonly name: string;
  /** Description in one line, for `millrace --help`. */
  readonly summary: string;
  /** Imports the command. */
  load(): Promise<Command>;
}

/** Exit codes of the process. */
export const exitCodes = {
  /** Everything is done. */
  completed: 0,
  /** The work failed, and the report or the message says why. */
  failed: 1,
  /** The command line is wrong. Nothing was called. */
  usage: 2,
  /** Stopped in order, by one Ctrl-C or a budget. Run it again to continue. */
  unfinished: 3,
  /** Aborted by a second Ctrl-C; the code that shells use. */
  aborted: 130,
} as const;
