import { fail } from "../../options.ts";
import { quoteName } from "../../sql/names.ts";
import { call, code, imported } from "./code.ts";
import type { ColumnType } from "./columns.ts";
import type { CopyOptions } from "./copy-options.ts";
import { action, type Row, type SqliteEndpoint } from "./endpoint.ts";
import { hostModules } from "../host-modules.ts";
import { type ClosableDatabase, openSqlite } from "../open-sqlite.ts";
import type { CopyPlace, Facts, OpenSource } from "./parts.ts";

/** A key that JSON holds, as `sqliteSource` takes it for `after`. */
type Key = number | string | { readonly bigint: string };

/** A table of a SQLite database. */
export interface SqliteTable {
  readonly facts: Facts;
  /** The column that counts its rows, where the key of the table does not. */
  readonly hasRowId: boolean;
}

const hidden = "millrace row";

/** Opens a table or a query of a SQLite database to be read. */
export async function sqliteSource(
  from: SqliteEndpoint,
  options: CopyOptions,
  place: CopyPlace,
): Promise<OpenSource> {
  const path = place.pathOf(from.path);
  if (!(await hostModules()).existsSync(path)) {
    fail(action, "FROM", "a database that exists", options.shown.from);
  }
  const db = await openSqlite(path, { readOnly: true });
  const table = from.table === undefined ? undefined : tableOf(db, from.table);
  if (from.table !== undefined && table === undefined) {
    db.close();
    fail(action, "FROM", "a table that exists", options.shown.from);
  }
  const read = queryOf(from, table, options);
  const { sqliteSource } = await import("../../adapters/sqlite.ts");
  const { sql, key } = read;
  return {
    rows: ({ checkpoint }) =>
      sqliteSource<Row>(db, sql, [], {
        key,
        ...(key === undefined ? undefined : { after: checkpoint?.position as Key | undefined }),
      }),
    repeat: key === undefined ? "never" : "source",
    position: key === undefined ? undefined : (row) => keyOf(row[key]),
    facts: table?.facts,
    told: () => new Map(columnsOf(db, sql).map((name) => [name, undefined])),
    drop: key === hidden ? hidden : undefined,
    isLoose: false,
    code: codeOf(from.path, sql, key),
    close: () => Promise.resolve(db.close()),
  };
}

/** The names of the columns of a query. Clients that cannot tell them leave them to its rows. */
function columnsOf(db: ClosableDatabase, sql: string): readonly string[] {
  const statement = db.prepare(sql) as { columns?(): { name: string }[]; columnNames?: string[] };
  return statement.columns?.().map(({ name }) => name) ?? statement.columnNames ?? [];
}

function keyOf(value: unknown): unknown {
  return typeof value === "bigint" ? { bigint: String(value) } : value;
}

function codeOf(path: string, sql: string, key: string | undefined): OpenSource["code"] {
  const name = JSON.stringify(key);
  const position = `const key = row[${name}];\n  return typeof key === "bigint" ? ` +
    "{ bigint: String(key) } : key;";
  return {
    imports: [
      imported("node:sqlite", "{ DatabaseSync }"),
      imported(
        "millrace/sqlite",
        key === undefined ? "{ sqliteSource }" : "{ sqliteSource, type SqliteKey }",
      ),
    ],
    setup: [`const source = ${call("new DatabaseSync", path, { readOnly: true, timeout: 5000 })};`],
    extract: key === undefined
      ? `extract: () => ${call("sqliteSource", code("source"), sql)}`
      : `extract: ({ checkpoint }) => ${
        call("sqliteSource", code("source"), sql, [], {
          key,
          after: code("checkpoint?.position as SqliteKey | undefined"),
        })
      }`,
    position: key === undefined ? undefined : `position(row) {\n  ${position}\n}`,
    closing: ["source.close();"],
  };
}

/** The query that reads a table, and the column by which it is read in pages. */
function queryOf(
  from: SqliteEndpoint,
  table: SqliteTable | undefined,
  { columns, orderBy }: CopyOptions,
): { sql: string; key: string | undefined } {
  if (table === undefined) return { sql: from.query!, key: orderBy };
  const name = quoteName(from.table!);
  const { facts, hasRowId } = table;
  const own = facts.primaryKey.length === 1 ? facts.primaryKey[0]! : undefined;
  const isInteger = own !== undefined && facts.columns.get(own) === "int";
  const key = orderBy ?? (isInteger || !hasRowId ? own : hidden);
  const listed = columns ?? [...facts.columns.keys()];
  const read = key === undefined || key === hidden || listed.includes(key)
    ? listed
    : [...listed, key];
  const names = read.map(quoteName).join(", ");
  const rowId = key === hidden ? `, rowid as ${quoteName(hidden)}` : "";
  return { sql: `select ${names}${rowId} from ${name}`, key };
}

/** Returns facts about a table, if there is one of the name. */
export function tableOf(db: ClosableDatabase, table: string): SqliteTable | undefined {
  const columns = db.prepare("select name, type, pk from pragma_table_info(?)").all(table) as {
    readonly name: string;
    readonly type: string;
    readonly pk: number;
  }[];
  if (columns.length === 0) return undefined;
  const listed = "select type, wr from pragma_table_list where schema = 'main' and name = ?";
  const about = db.prepare(listed).get(table) as { type: string; wr: number } | undefined;
  const keys = columns.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk);
  return {
    facts: {
      columns: new Map(columns.map(({ name, type }) => [name, typeOf(type)])),
      declared: new Map(columns.map(({ name, type }) => [name, type])),
      primaryKey: keys.map(({ name }) => name),
    },
    hasRowId: about?.type === "table" && Number(about.wr) === 0,
  };
}

/**
 * Returns the content of a column by its affinity (SQLite, Datatypes, 3.1); booleans and dates are
 * not types.
 */
function typeOf(declared: string): ColumnType | undefined {
  const type = declared.toUpperCase();
  if (type.includes("INT")) return "int";
  if (/CHAR|CLOB|TEXT/.test(type)) return "text";
  if (type.includes("BLOB")) return "bytes";
  return /REAL|FLOA|DOUB/.test(type) ? "number" : undefined;
}
