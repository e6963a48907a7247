import { tableName } from "../../adapters/postgres/names.ts";
import { call, code, imported, literal } from "./code.ts";
import type { CopyOptions } from "./copy-options.ts";
import { createTable } from "./create-table.ts";
import type { PostgresEndpoint } from "./endpoint.ts";
import { forgetMarks } from "./marks.ts";
import type { CopyPlace, Facts, OpenTarget } from "./parts.ts";
import { connect, type Pool, refuseMissing, tableFacts, urlInCode } from "./postgres-client.ts";
import { toPostgres } from "./values.ts";

/** Opens a table of a PostgreSQL database to be written, and makes it where that is wanted. */
export async function postgresTarget(
  to: PostgresEndpoint,
  options: CopyOptions,
  place: CopyPlace,
  factsOf: () => Promise<Facts>,
  isPrinted: boolean,
): Promise<OpenTarget> {
  const pool = await connect(to.url, place.folder, (options.workers ?? 1) + 3);
  try {
    const name = tableName(to.table!, to.schema);
    const found = await tableFacts(pool, name);
    const isMissing = found === undefined;
    if (isMissing && !options.create) refuseMissing("TO", options.shown.to);
    const ddl = options.create && (isMissing || isPrinted)
      ? createTable("postgres", name, await factsOf())
      : undefined;
    const kinds = kindsOf(options, found?.oids ?? new Map());
    const target = await opened(to, options, pool, ddl, kinds);
    if (ddl !== undefined && isMissing && !isPrinted) {
      await forgetMarks(target.checkpoints!, options.key); // Before: a kill may come between.
      await pool.query(ddl);
    }
    return target;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function opened(
  to: PostgresEndpoint,
  options: CopyOptions,
  pool: Pool,
  ddl: string | undefined,
  kinds: Readonly<Record<string, string>>,
): Promise<OpenTarget> {
  const { postgresSink } = await import("../../adapters/postgres.ts");
  const { conflict, unknown } = options;
  const settings = { schema: to.schema, table: to.table!, conflict, unknown };
  const sink = postgresSink(pool, settings);
  const { text, note } = urlInCode(to.url);
  return {
    load: sink.load as unknown as OpenTarget["load"],
    checkpoints: sink.checkpoints,
    letters: () => sink.deadLetters(),
    steps: hasObjects(options) || Object.keys(kinds).length > 0 ? { toPostgres } : undefined,
    kinds,
    code: {
      imports: [imported("pg", "pg"), imported("millrace/postgres", "{ postgresSink }")],
      setup: [
        ...note,
        `const to = ${call("new pg.Pool", { connectionString: text })};`,
        ...(ddl === undefined ? [] : [`await to.query(${literal(ddl)});`]),
        `const sink = ${call("postgresSink", code("to"), settings)};`,
      ],
      load: "load: sink.load",
      closing: ["await to.end();"],
    },
    close: () => pool.end(),
  };
}

/** Returns true if values may be objects that are not JSON yet. */
function hasObjects({ from }: CopyOptions): boolean {
  return "format" in from && from.format === "parquet";
}

/** Columns whose values look otherwise in CSV and in SQLite. */
function kindsOf(
  { from, types }: CopyOptions,
  oids: ReadonlyMap<string, number>,
): Record<string, string> {
  const isText = "format" in from && (from.format === "csv" || from.format === "tsv");
  const kinds: Record<string, string> = {};
  if (!isText && from.kind !== "sqlite") return kinds;
  for (const [name, oid] of oids) {
    if ((oid === 114 || oid === 3802) && types.get(name) !== "json") kinds[name] = "json";
    if (oid === 16 && !isText) kinds[name] = "boolean";
  }
  return kinds;
}
