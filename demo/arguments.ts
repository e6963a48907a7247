import { parseArgs } from "node:util";

/** What the command line says. */
export interface Arguments {
  /** The file of the database. */
  readonly path: string;
  /** Whether to begin with an empty database; where it is not said, the database tells. */
  readonly isFresh: boolean | undefined;
  /** Milliseconds between two looks at the progress; where it is not said, the library knows. */
  readonly progressInterval: number | undefined;
  /** Milliseconds of rest after each piece of a file. */
  readonly slow: number;
}

/**
 * Reads the command line.
 * @throws {Error} If it has more than one path, an unknown option, or no number where one is due.
 */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      fresh: { type: "boolean" },
      "progress-interval": { type: "string" },
      slow: { type: "string", default: "0" },
    },
  });
  const { fresh, "progress-interval": interval, slow } = values;
  if (positionals.length > 1) throw new Error("Cannot run as there is more than one path");
  return {
    path: positionals[0] ?? "demo.db",
    isFresh: fresh,
    progressInterval: interval === undefined ? undefined : Number(interval), // The library checks it.
    slow: durationOf(slow),
  };
}

function durationOf(text: string): number {
  const duration = Number(text);
  if (duration >= 0) return duration;
  throw new Error(
    `Cannot run as 'slow' must be a number of at least 0: current value is "${text}"`,
  );
}
