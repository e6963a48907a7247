import { parseArgs } from "node:util";

/** What the command line says. */
export interface Arguments {
  /** The file of the database. */
  readonly path: string;
  /** Milliseconds between two looks at the progress. */
  readonly progressInterval: number;
  /** Milliseconds of rest after each piece of a file. */
  readonly slow: number;
}

/**
 * Reads the command line.
 * @throws {Error} If it has more than one path, an unknown option, or no number where one is due.
 */
export function readArguments(args: readonly string[], isTerminal: boolean): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      "progress-interval": { type: "string", default: isTerminal ? "100" : "1000" },
      slow: { type: "string", default: "0" },
    },
  });
  if (positionals.length > 1) throw new Error("Cannot run as there is more than one path");
  return {
    path: positionals[0] ?? "demo.db",
    progressInterval: Number(values["progress-interval"]), // The library checks it.
    slow: durationOf(values.slow),
  };
}

function durationOf(text: string): number {
  const duration = Number(text);
  if (duration >= 0) return duration;
  throw new Error(
    `Cannot run as 'slow' must be a number of at least 0: current value is "${text}"`,
  );
}
