import { fail } from "../../options.ts";
import type { PostgresClient } from "../../adapters/postgres.ts";
import type { ColumnType } from "./columns.ts";
import { withoutPassword } from "./endpoint.ts";
import type { Facts } from "./parts.ts";
import { userPackage } from "../user-packages.ts";

/** The subset of a pool of `pg`. */
export type Pool = PostgresClient & {
  query(text: string, values?: readonly unknown[]): Promise<{
    readonly rows: readonly Record<string, unknown>[];
    readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  }>;
  on(event: "error", listener: () => void): unknown;
  end(): Promise<void>;
};

interface Pg {
  readonly Pool?: new (options: { connectionString: string; max: number }) => Pool;
  readonly default: {
    readonly Pool: new (options: { connectionString: string; max: number }) => Pool;
  };
}

/** Connects to a database by the `pg` of the user. */
export async function connect(url: string, folder: string, max: number): Promise<Pool> {
  const pg = await userPackage<Pg>("pg", "PostgreSQL", folder);
  const Pool = pg.Pool ?? pg.default.Pool;
  const pool = new Pool({ connectionString: url, max });
  pool.on("error", () => {}); // The next call fails, and says so.
  return pool;
}

/** The URL for a program: `pg` takes the password from PGPASSWORD. */
export function urlInCode(url: string): { text: string; note: readonly string[] } {
  const text = withoutPassword(url);
  return { text, note: text === url ? [] : ["// pg reads the password from PGPASSWORD."] };
}

/** Types by number, which is the same in every database; values of all others are texts. */
const types: ReadonlyMap<number, ColumnType> = new Map([
  ...[20, 21, 23, 26].map((oid) => [oid, "int"] as const),
  ...[700, 701].map((oid) => [oid, "number"] as const),
  ...[114, 3802].map((oid) => [oid, "json"] as const),
  ...[1005, 1007, 1009, 1015, 1016, 1000, 1021, 1022].map((oid) => [oid, "json"] as const), // Arrays.
  [16, "boolean"],
  [17, "bytes"],
]);

/** Returns facts about a table, if it exists, and the numbers of its types. */
export async function tableFacts(
  pool: Pool,
  name: string,
): Promise<{ facts: Facts; oids: ReadonlyMap<string, number> } | undefined> {
  const { rows } = await pool.query(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      a.atttypid::int8::text as oid, array_position(i.indkey::int2[], a.attnum)::text as place
    from pg_attribute a
    left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
    where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [name],
  );
  if (rows.length === 0) return undefined;
  const keys = rows.filter(({ place }) => place !== null)
    .sort((one, other) => Number(one["place"]) - Number(other["place"]));
  const oids = new Map(rows.map(({ name, oid }) => [String(name), Number(oid)]));
  return {
    oids,
    facts: {
      ...factsOf(oids),
      declared: declaredOf(rows),
      primaryKey: keys.map(({ name }) => String(name)),
    },
  };
}

function declaredOf(rows: readonly Record<string, unknown>[]): Map<string, string> {
  return new Map(rows.map(({ name, type }) => [String(name), String(type)]));
}

/** Returns facts about the result of a query. */
export async function queryFacts(
  pool: Pool,
  sql: string,
): Promise<{ facts: Facts; oids: ReadonlyMap<string, number> }> {
  const { fields } = await pool.query(`select * from (${sql.replace(/;\s*$/, "")}) as q limit 0`);
  const oids = new Map(fields.map(({ name, dataTypeID }) => [name, dataTypeID]));
  return { facts: { ...factsOf(oids), primaryKey: [] }, oids };
}

function factsOf(oids: ReadonlyMap<string, number>): Pick<Facts, "columns"> {
  return { columns: new Map([...oids].map(([name, oid]) => [name, types.get(oid) ?? "text"])) };
}

/** @throws {ConfigurationError} That the table is missing. */
export function refuseMissing(side: "FROM" | "TO", shown: string): never {
  const rule = side === "FROM"
    ? "a table that exists"
    : "a table that exists, or one beside --create";
  return fail("copy", side, rule, shown);
}
