import { fail } from "../../options.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { asyncLoad, sinkLoads, type Wrapped } from "../../checkpoints/sink-loads.ts";
import { checkpointTable, deadLetterTable } from "./bookkeeping.ts";
import { PostgresCheckpoints } from "./checkpoints.ts";
import { committer } from "./commit.ts";
import { openDeadLetters } from "./dead-letters.ts";
import { PostgresDeliveries, type PostgresDeliveryOptions } from "./deliveries.ts";
import { openDatabase, type PostgresClient } from "./client.ts";
import {
  checkSinkOptions,
  checkTablesOptions,
  type PostgresSinkOptions,
  type PostgresTables,
  type PostgresTablesOptions,
  type SinkSettings,
  type TablesSettings,
} from "./sink-options.ts";
import { checkWriteOptions, type PostgresWriteOptions } from "./write-options.ts";
import { FunctionWriter } from "./tables/write.ts";
import type { Database } from "./database.ts";
import type { Fitting, RowsOf } from "../../sql/typed-rows.ts";
import { Writer } from "./writer.ts";

/** The `load` of a sink, with a link to the store whose marks it commits. */
export interface PostgresLoad<Rows extends object = object> {
  /** Writes the rows, and the mark of the items they complete, in one transaction. */
  <T extends Fitting<T, Rows>>(rows: readonly T[], context: SinkLoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** A `load` that wraps a function. Its rows may differ from those that are written. */
export interface PostgresWrappedLoad<T> {
  /** Calls the function; writes the rows it passes on, and the mark of their items, in one transaction. */
  (rows: T[], context: LoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** Receives the rows to write once the wrapped function has returned. Call it at most once. */
export type PostgresStage<Rows extends object = object> = <R extends Fitting<R, Rows>>(
  rows: readonly R[],
  context?: SinkLoadContext,
) => Promise<void>;

/** A sink of rows that also stores the marks of loaded batches. */
export interface PostgresSink<Rows extends object = object> {
  /** Loads a batch and marks it as loaded, in one transaction. Bound: it can be passed on alone. */
  readonly load: PostgresLoad<Rows>;
  /**
   * Wraps a function as the `load` of the pipeline. The rows that it passes to its third argument are
   * written and marked in one transaction once it has returned. If it fails, nothing is written. A
   * repeated run may repeat its other side effects.
   */
  wrap<T>(
    fn: (rows: T[], context: LoadContext, load: PostgresStage<Rows>) => unknown,
  ): PostgresWrappedLoad<T>;
  /** Stores the checkpoints in the table `millrace_checkpoint`. */
  readonly checkpoints: Required<CheckpointStore>;
  /** Returns a stream that stores dead letters in the table `millrace_dead_letter`. */
  deadLetters(): WritableStream<DeadLetter>;
}

const action = "construct postgresSink";

/**
 * Several tables of PostgreSQL as the target of a pipeline. A row of a batch has rows for each table, and
 * a batch is one commit. A child gets the key of the one parent it comes with, even one that the database
 * generates. If there are several parents, the child refers to its parent's row object as the value.
 *
 * @example Users with their posts
 * ```ts
 * import { etl } from "millrace";
 * import { postgresSink } from "millrace/postgres";
 * import { PGlite } from "@electric-sql/pglite";
 * import { deepEqual } from "node:assert/strict";
 *
 * const client = new PGlite();
 * await client.exec(`create table users (id serial primary key, name text);
 *   create table posts (user_id int references users, title text)`);
 * const { load } = postgresSink(client, {
 *   tables: { users: {}, posts: { parent: { table: "users", on: { user_id: "id" } } } },
 * });
 * const users = [{ name: "Ada", posts: ["Notes", "Letters"] }, { name: "Grace", posts: [] }];
 * await etl({
 *   name: "users",
 *   extract: () => users,
 *   transform: ({ name, posts }) => ({ users: { name }, posts: posts.map((title) => ({ title })) }),
 *   load,
 * }).run({ batchSize: 100 });
 * const { rows } = await client.query("select * from posts order by title");
 * deepEqual(rows, [{ user_id: 1, title: "Letters" }, { user_id: 1, title: "Notes" }]);
 * await client.close();
 * ```
 *
 * @throws {ConfigurationError} If the client is of no known kind, or an option breaks its rule. A load
 *   rejects with it if no row can be loaded, for example if a table or a column is missing.
 */
export function postgresSink<const Tables extends PostgresTables>(
  client: PostgresClient,
  options: PostgresTablesOptions<Tables> & PostgresDeliveryOptions,
): PostgresSink<RowsOf<Tables>>;
/**
 * Returns a sink whose function writes the rows, by any statements, in the transaction that also includes
 * the mark.
 *
 * @example Users, and a count of them
 * ```ts
 * import { etl } from "millrace";
 * import { postgresSink } from "millrace/postgres";
 * import { PGlite } from "@electric-sql/pglite";
 * import { deepEqual } from "node:assert/strict";
 *
 * const client = new PGlite();
 * await client.exec(`create table users (id int primary key); create table total (n int);
 *   insert into total values (0)`);
 * const { load } = postgresSink(client, {
 *   write: async (tx, rows: readonly { id: number }[]) => {
 *     await tx.insert("users", rows);
 *     await tx.query("update total set n = n + $1", [rows.length]);
 *   },
 * });
 * await etl({ name: "users", extract: () => [{ id: 1 }, { id: 2 }], load }).run({ batchSize: 1 });
 * deepEqual((await client.query("select n from total")).rows, [{ n: 2 }]);
 * await client.close();
 * ```
 *
 * @throws {ConfigurationError} If the client is of no known kind, or an option breaks its rule.
 */
export function postgresSink<Rows extends object>(
  client: PostgresClient,
  options: PostgresWriteOptions<Rows> & PostgresDeliveryOptions,
): PostgresSink<Rows>;
/**
 * A table of PostgreSQL as the target of a pipeline. If the run uses its `checkpoints`, each load and its
 * mark are one commit: after a crash at any moment, a second run leaves every row exactly once.
 *
 * Nothing is changed silently: a value that its column would not return unchanged is rejected with a
 * `BatchError` that names row and column. Numbers go only into numeric columns, booleans into `boolean`,
 * a `Date` into `timestamptz`, a `Uint8Array` into `bytea`, arrays into arrays, and any JSON value into
 * `json` and `jsonb`, where `null` is SQL's. A string goes into any column except `bytea`, as the
 * database reads it. With `columns`, `undefined` is rejected. A property without a column is rejected
 * too, unless `unknown` says otherwise.
 *
 * A pool needs one connection for each worker, one for checkpoints and dead letters, and one more for a
 * cursor of `postgresSource`.
 *
 * @example Into a PGlite
 * ```ts
 * import { etl } from "millrace";
 * import { postgresSink } from "millrace/postgres";
 * import { PGlite } from "@electric-sql/pglite";
 * import { deepEqual } from "node:assert/strict";
 *
 * const client = new PGlite();
 * await client.exec("create table users (id int primary key, name text)");
 * const { load } = postgresSink(client, { table: "users", columns: ["id", "name"] });
 * const users = [{ id: 1, name: "Ada" }, { id: 2, name: "Grace" }];
 * await etl({ name: "users", extract: () => users, load }).run({ batchSize: 1_000 });
 * deepEqual((await client.query("select * from users")).rows, users);
 * await client.close();
 * ```
 *
 * @throws {ConfigurationError} If the client is of no known kind, or an option breaks its rule. A load
 *   rejects with it if no row can be loaded (a table, column, type, right or unique index is missing, a
 *   column is generated, a view accepts no rows), or if it is the second use of a sink in one load of a
 *   run with checkpoints.
 */
export function postgresSink<const Columns extends readonly string[] = readonly string[]>(
  client: PostgresClient,
  options: PostgresSinkOptions<Columns> & PostgresDeliveryOptions,
): PostgresSink<RowsOf<NoInfer<Columns>>>;
export function postgresSink(
  client: PostgresClient,
  all: AnyOptions & PostgresDeliveryOptions,
): PostgresSink {
  const { keepDeliveries, ...rest } = Object(all) as typeof all;
  const options = Object(all) === all ? rest as AnyOptions : all;
  const given = checkOneWay(options);
  const checked = given === "write"
    ? checkWriteOptions(action, options as PostgresWriteOptions)
    : given === "tables"
    ? checkTablesOptions(action, options as PostgresTablesOptions)
    : checkSinkOptions(action, options as PostgresSinkOptions);
  const { schema, copyFrom } = checked;
  const database = openDatabase(action, client, { copyFrom, isFixed: true });
  if ("method" in checked || "tables" in checked) checkCopy(database, checked);
  const checkpoints = new PostgresCheckpoints(database, checkpointTable(database, schema));
  const writer = "write" in checked
    ? new FunctionWriter(database, checked.write, schema)
    : new Writer(database, checked);
  const deliveries = new PostgresDeliveries(database, schema, action, keepDeliveries);
  const { load, wrap } = sinkLoads(checkpoints, committer(checkpoints, writer, deliveries));
  const letters = deadLetterTable(database, schema);
  return {
    load: asyncLoad(checkpoints, load),
    wrap: ((fn: Wrapped) => asyncLoad(checkpoints, wrap(fn))) as unknown as PostgresSink["wrap"],
    checkpoints,
    deadLetters: () => openDeadLetters(database, letters),
  };
}

type AnyOptions = PostgresSinkOptions | PostgresTablesOptions | PostgresWriteOptions;

/** Returns the option that is given of the three; `"table"` if none is. */
function checkOneWay(options: AnyOptions): "table" | "tables" | "write" {
  const all = Object(options) as Record<string, unknown>;
  const given = (["write", "tables", "table"] as const).filter((name) => all[name] !== undefined);
  const [first = "table", second] = given;
  if (second !== undefined) fail(action, second, `omitted beside '${first}'`, all[second]);
  return first;
}

function checkCopy(database: Database, settings: SinkSettings | TablesSettings): void {
  const tables = "tables" in settings ? settings.tables : [settings];
  if (database.hasCopy || tables.every(({ method }) => method !== "copy")) return;
  const words = `"insert", as "copy" needs PGlite, the SQL of Bun, or pg with 'copyFrom'`;
  fail(action, "method", words, "copy");
}
