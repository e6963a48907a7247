import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Kind } from "./schema.ts";

/** What the command line says. */
export interface Arguments {
  readonly database: Kind;
  /** How many users are loaded. */
  readonly users: number;
  /** How many of them are one commit. */
  readonly batchSize: number;
  /** Where the export, the database and the report are. */
  readonly folder: string;
  /** Whether to begin with an empty database. */
  readonly isFresh: boolean;
  /** Milliseconds of rest after each piece of the export. */
  readonly slow: number;
  /** Milliseconds between two looks at the progress; where it is not said, the library knows. */
  readonly progressInterval: number | undefined;
}

/** What `--help` prints. */
export const help = `Loads nested users into 15 tables, each user and all of its rows once.

    npm run demo:tables -- [options]

  --sqlite               into SQLite; else into PostgreSQL, which is started for it
  --duckdb               into DuckDB
  --users N              number of users, of about 40 rows each (10000)
  --batch N              users per commit (500)
  --fresh                begin with an empty database
  --folder PATH          folder of the export, database and report (default: a temporary folder)
  --slow MS              pause after each piece of the export
  --progress-interval MS time between lines of progress
  --help                 print this

Kill it at any moment and run it again: it resumes.`;

/**
 * Reads the command line; nothing if it asks for help.
 * @throws {Error} If an option is unknown, or has no number where one is due.
 */
export function readArguments(args: readonly string[]): Arguments | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sqlite: { type: "boolean", default: false },
      duckdb: { type: "boolean", default: false },
      users: { type: "string", default: "10000" },
      batch: { type: "string", default: "500" },
      fresh: { type: "boolean", default: false },
      folder: { type: "string", default: join(tmpdir(), "millrace-tables") },
      slow: { type: "string", default: "0" },
      "progress-interval": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const interval = values["progress-interval"];
  return {
    database: values.sqlite ? "sqlite" : values.duckdb ? "duckdb" : "postgres",
    users: wholeOf("users", values.users, 1),
    batchSize: wholeOf("batch", values.batch, 1),
    folder: values.folder,
    isFresh: values.fresh,
    slow: wholeOf("slow", values.slow, 0),
    progressInterval: interval === undefined ? undefined : wholeOf(
      "progress-interval",
      interval,
      1,
    ),
  };
}

function wholeOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(
    `Cannot run as '${name}' must be a whole number of at least ${least}: ` +
      `current value is ${JSON.stringify(text)}`,
  );
}
