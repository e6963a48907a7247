import { tableName } from "../../adapters/postgres/names.ts";
import { quoteName } from "../../sql/names.ts";
import { call, code, imported } from "./code.ts";
import type { CopyOptions } from "./copy-options.ts";
import type { PostgresEndpoint, Row } from "./endpoint.ts";
import type { CopyPlace, Facts, OpenSource } from "./parts.ts";
import {
  connect,
  type Pool,
  queryFacts,
  refuseMissing,
  tableFacts,
  urlInCode,
} from "./postgres-client.ts";
import { fromPostgres } from "./values.ts";

/** Input, and the columns that it is read by. */
interface Read {
  readonly sql: string;
  readonly key: readonly string[] | undefined;
  readonly facts: Facts;
  readonly oids: ReadonlyMap<string, number>;
}

/** Opens a table or a query of a PostgreSQL database to be read. */
export async function postgresSource(
  from: PostgresEndpoint,
  options: CopyOptions,
  place: CopyPlace,
): Promise<OpenSource> {
  const pool = await connect(from.url, place.folder, 2);
  try {
    const read = await readOf(pool, from, options);
    return await opened(pool, from, options, read);
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function opened(
  pool: Pool,
  from: PostgresEndpoint,
  { to, columns }: CopyOptions,
  { sql, key, facts, oids }: Read,
): Promise<OpenSource> {
  const { postgresSource } = await import("../../adapters/postgres.ts");
  const isSame = to.kind === "postgres";
  const keepsJson = to.kind !== "sqlite" && to.kind !== "postgres" &&
    to.format !== "csv" && to.format !== "tsv";
  const copied = [...oids].filter(([name]) => columns?.includes(name) !== false);
  const kinds = isSame ? {} : kindsOf(copied, keepsJson);
  return {
    rows: ({ checkpoint }) =>
      postgresSource<Row>(pool, sql, [], {
        key,
        ...(key === undefined ? undefined : { after: checkpoint?.position }),
      }),
    repeat: key === undefined ? "never" : "source",
    position: key && ((row) => key.map((name) => row[name])),
    facts,
    steps: Object.keys(kinds).length > 0 ? { fromPostgres } : undefined,
    kinds,
    isLoose: false,
    code: codeOf(from.url, sql, key),
    close: () => pool.end(),
  };
}

function codeOf(url: string, sql: string, key: Read["key"]): OpenSource["code"] {
  const { text, note } = urlInCode(url);
  return {
    imports: [imported("pg", "pg"), imported("millrace/postgres", "{ postgresSource }")],
    setup: [...note, `const source = ${call("new pg.Pool", { connectionString: text })};`],
    extract: key === undefined
      ? `extract: () => ${call("postgresSource", code("source"), sql)}`
      : `extract: ({ checkpoint }) => ${
        call("postgresSource", code("source"), sql, [], {
          key,
          after: code("checkpoint?.position"),
        })
      }`,
    position: key &&
      `position: (row) => [${key.map((name) => `row[${JSON.stringify(name)}]`).join(", ")}]`,
    closing: ["await source.end();"],
  };
}

async function readOf(
  pool: Pool,
  from: PostgresEndpoint,
  { columns, orderBy, shown }: CopyOptions,
): Promise<Read> {
  const own = orderBy === undefined ? undefined : [orderBy];
  if (from.query !== undefined) {
    return { sql: from.query, key: own, ...await queryFacts(pool, from.query) };
  }
  const name = tableName(from.table!, from.schema);
  const found = await tableFacts(pool, name);
  if (found === undefined) return refuseMissing("FROM", shown.from);
  const primary = found.facts.primaryKey;
  // JSON, in which a position is kept, has no bytes.
  const isKept = primary.length > 0 && primary.every((key) => found.oids.get(key) !== 17);
  const key = own ?? (isKept ? primary : undefined);
  const listed = columns ?? [...found.facts.columns.keys()];
  const read = [...new Set([...listed, ...key ?? []])];
  return { sql: `select ${read.map(quoteName).join(", ")} from ${name}`, key, ...found };
}

/** Returns the facts about columns for `fromPostgres`. */
function kindsOf(
  oids: readonly (readonly [string, number])[],
  keepsJson: boolean,
): Record<string, string> {
  const kinds: Record<string, string> = {};
  for (const [name, oid] of oids) {
    if (oid === 20) kinds[name] = "bigint";
    if (oid === 114 || oid === 3802) kinds[name] = keepsJson ? "json" : "text";
    if (oid === 790) kinds[name] = "text"; // money
  }
  return kinds;
}
