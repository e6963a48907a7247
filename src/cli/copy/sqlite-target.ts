import { ConfigurationError } from "../../errors.ts";
import { fail } from "../../options.ts";
import { quoteName } from "../../sql/names.ts";
import { call, code, imported, literal } from "./code.ts";
import type { CopyOptions } from "./copy-options.ts";
import { createTable } from "./create-table.ts";
import { action, type Row, type SqliteEndpoint } from "./endpoint.ts";
import { hostModules } from "../host-modules.ts";
import { type ClosableDatabase, openSqlite } from "../open-sqlite.ts";
import { forgetMarks } from "./marks.ts";
import type { CopyPlace, Facts, OpenTarget } from "./parts.ts";
import { tableOf } from "./sqlite-source.ts";
import { toSqlite } from "./values.ts";

/** Opens a table of a SQLite database to be written, and makes it where that is wanted. */
export async function sqliteTarget(
  to: SqliteEndpoint,
  options: CopyOptions,
  place: CopyPlace,
  factsOf: () => Promise<Facts>,
  isPrinted: boolean,
): Promise<OpenTarget> {
  const table = to.table!;
  const path = place.pathOf(to.path);
  const isThere = (await hostModules()).existsSync(path);
  if (!isThere && !options.create) refuseMissing(options);
  if (!isThere) await factsOf(); // Before a file is made, for which they may not be enough.
  let db: ClosableDatabase | undefined;
  if (isThere || !isPrinted) db = await openSqlite(path, { readOnly: isPrinted });
  const isMissing = db === undefined || tableOf(db, table) === undefined;
  try {
    if (isMissing && !options.create) refuseMissing(options);
    const ddl = options.create && (isMissing || isPrinted)
      ? createTable("sqlite", quoteName(table), await factsOf())
      : undefined;
    const target = await opened(to, options, db, ddl);
    if (ddl !== undefined && isMissing && !isPrinted) {
      await forgetMarks(target.checkpoints!, options.key); // Before: a kill may come between.
      db!.exec(ddl);
    }
    return target;
  } catch (error) {
    db?.close();
    throw error;
  }
}

function refuseMissing({ shown: { to } }: CopyOptions): never {
  return fail(action, "TO", "a table that exists, or one beside --create", to);
}

async function opened(
  to: SqliteEndpoint,
  options: CopyOptions,
  db: ClosableDatabase | undefined,
  ddl: string | undefined,
): Promise<OpenTarget> {
  const { sqliteSink } = await import("../../adapters/sqlite.ts");
  const settings = {
    table: to.table!,
    conflict: options.conflict,
    unknown: options.unknown,
  };
  const sink = db && sqliteSink(db, settings);
  const load = sink?.load as unknown as OpenTarget["load"] ?? refuseToLoad;
  return {
    load,
    checkpoints: sink?.checkpoints,
    letters: sink && (() => sink.deadLetters()),
    steps: { toSqlite },
    code: {
      imports: [
        imported("node:sqlite", "{ DatabaseSync }"),
        imported("millrace/sqlite", "{ sqliteSink }"),
      ],
      setup: [
        `const to = ${call("new DatabaseSync", to.path, { timeout: 5000 })};`,
        ...(ddl === undefined ? [] : [`to.exec(${literal(ddl)});`]),
        `const sink = ${call("sqliteSink", code("to"), settings)};`,
      ],
      load: "load: sink.load",
      closing: ["to.close();"],
    },
    close: () => Promise.resolve(db?.close()),
  };
}

/** The load of what is only printed. */
function refuseToLoad(_rows: Row[]): never {
  throw new ConfigurationError("Cannot load as the database does not exist yet");
}
