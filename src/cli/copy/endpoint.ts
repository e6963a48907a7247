import { fail } from "../../options.ts";
import { type FileFormat, formatOf, formatWords } from "./formats.ts";

/** A row of any source: its values by column. */
export type Row = Record<string, unknown>;

/** Files of the host: a path, or a pattern that several match. */
export interface FileEndpoint extends FileFormat {
  readonly kind: "file";
  readonly path: string;
}

/** A file on the web. */
export interface HttpEndpoint extends FileFormat {
  readonly kind: "http";
  readonly url: string;
}

/** Standard input or output. */
export interface StandardEndpoint extends FileFormat {
  readonly kind: "standard";
}

/** A table, or a query, of a database. */
export interface Relation {
  readonly table?: string | undefined;
  readonly query?: string | undefined;
}

/** A SQLite database in a file. */
export interface SqliteEndpoint extends Relation {
  readonly kind: "sqlite";
  readonly path: string;
}

/** A PostgreSQL database. */
export interface PostgresEndpoint extends Relation {
  readonly kind: "postgres";
  /** Its URL without fragment and query. */
  readonly url: string;
  readonly schema?: string | undefined;
}

/** A file, files or a stream of rows. */
export type BytesEndpoint = FileEndpoint | HttpEndpoint | StandardEndpoint;

/** Where rows come from, or where they go to. */
export type Endpoint =
  | FileEndpoint
  | HttpEndpoint
  | StandardEndpoint
  | SqliteEndpoint
  | PostgresEndpoint;

/** Which of the two an endpoint is. */
export type Side = "FROM" | "TO";

/** Flags of an endpoint. */
export interface EndpointFlags {
  /** The format in place of the one that the name tells. */
  readonly format?: string | undefined;
  /** A query, only of what is read. */
  readonly query?: string | undefined;
}

/** The beginning of every sentence about wrong arguments. */
export const action = "copy";

const sqliteFile = /\.(?:sqlite3?|db3?)$/i;
const understood = {
  FROM:
    "a file (.csv .tsv .ndjson .jsonl .json .parquet, also with .gz .br .zst), a pattern or an " +
    'http(s) URL of such files, "-", db.sqlite#table or postgres://…#schema.table',
  TO: "a file (.csv .tsv .ndjson .jsonl .json .parquet, also with .gz .br .zst), " +
    '"-", db.sqlite#table or postgres://…#schema.table',
};

/**
 * Reads what was given as FROM or TO.
 * @throws {ConfigurationError} If it is nothing that is understood.
 */
export function endpointOf(side: Side, spec: string, flags: EndpointFlags = {}): Endpoint {
  const database = databaseOf(side, spec, flags.query);
  const flag = `--${side.toLowerCase()}-format`;
  if (database !== undefined) {
    if (flags.format !== undefined) fail(action, flag, "omitted for a database", flags.format);
    return database;
  }
  if (flags.query !== undefined) {
    fail(action, "--query", "omitted unless FROM is a database", flags.query);
  }
  const name = /^https?:/i.test(spec) ? pathOfUrl(side, spec) : spec;
  const format = formatOf(flags.format ?? name);
  if (format === undefined && flags.format !== undefined) {
    fail(action, flag, formatWords, flags.format);
  }
  if (format === undefined && spec === "-") fail(action, flag, `given beside "-"`, undefined);
  if (format === undefined || spec === "") return fail(action, side, understood[side], spec);
  return fileOf(side, spec, format);
}

function fileOf(side: Side, spec: string, format: FileFormat): Endpoint {
  if (format.format === "parquet" && format.compression !== "none") {
    fail(action, side, "Parquet without .gz, .br or .zst, as it compresses by itself", spec);
  }
  if (/^https?:/i.test(spec)) {
    if (side === "TO") fail(action, side, understood.TO, spec);
    const { username, password } = new URL(spec);
    if (username + password !== "") fail(action, side, "a URL without a user and a password", spec);
    return { kind: "http", url: spec, ...format };
  }
  if (spec === "-") return { kind: "standard", ...format };
  return { kind: "file", path: spec, ...format };
}

function pathOfUrl(side: Side, spec: string): string {
  try {
    return new URL(spec).pathname;
  } catch {
    return fail(action, side, understood[side], spec);
  }
}

function databaseOf(
  side: Side,
  spec: string,
  flag: string | undefined,
): SqliteEndpoint | PostgresEndpoint | undefined {
  const [, base = "", params, fragment] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(spec) ?? [];
  const isPostgres = /^postgres(?:ql)?:\/\//i.test(base);
  const isSqlite = /^sqlite:/i.test(base) || sqliteFile.test(base);
  if (!isPostgres && !isSqlite) return undefined;
  const own = params?.split("&").filter((param) => !param.startsWith("query=")) ?? [];
  const query = flag ?? queryOf(params);
  const table = fragment ? decoded(fragment) : undefined;
  checkRelation(side, spec, table, query);
  if (isSqlite) return { kind: "sqlite", path: base.replace(/^sqlite:/i, ""), table, query };
  const url = own.length > 0 ? `${base}?${own.join("&")}` : base;
  const dot = table?.indexOf(".") ?? -1;
  if (dot < 0) return { kind: "postgres", url, table, query };
  return {
    kind: "postgres",
    url,
    schema: table!.slice(0, dot),
    table: table!.slice(dot + 1),
    query,
  };
}

function checkRelation(side: Side, spec: string, table?: string, query?: string): void {
  const shown = withoutPassword(spec);
  if (side === "TO") {
    if (query !== undefined) fail(action, side, "a table, as in db.sqlite#table", shown);
    if (table === undefined) fail(action, side, "a database with #table behind it", shown);
  } else if (table === undefined && query === undefined) {
    fail(action, side, "a database with #table behind it, or beside --query", shown);
  } else if (table !== undefined && query !== undefined) {
    fail(action, side, "a database with a #table or with a query, not with both", shown);
  }
}

function queryOf(params: string | undefined): string | undefined {
  const param = params?.split("&").find((param) => param.startsWith("query="));
  return param === undefined ? undefined : decoded(param.slice(6).replaceAll("+", " "));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns the given text as it may be shown and kept: without a password. */
export function withoutPassword(spec: string): string {
  if (!/^postgres(?:ql)?:/i.test(spec)) return spec; // No other one has a password.
  const own = spec.replace(/^([a-z]+:\/\/[^:@/?#]*):[^/?#]*@/i, "$1@"); // Up to its last "@".
  return own.replace(/([?&])password=[^&#]*&?/gi, "$1").replace(/[?&](?=#|$)/, "");
}

/** Returns true if an endpoint may be several files, which need not have the same columns. */
export function isPattern(from: BytesEndpoint): boolean {
  return from.kind === "file" && /[*?[{]/.test(from.path);
}
