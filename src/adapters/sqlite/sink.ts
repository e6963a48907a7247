import { fail } from "../../options.ts";
import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import { markOf } from "../../checkpoints/commit-mark.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { type CheckRows, type Commit, sinkLoads } from "../../checkpoints/sink-loads.ts";
import { Written } from "../../sql/written.ts";
import { SqliteCheckpoints } from "./checkpoints.ts";
import { checkClient, database, type SqliteDatabase } from "./client.ts";
import { SqliteDeliveries, type SqliteDeliveryOptions } from "./deliveries.ts";
import { openDeadLetters } from "./dead-letters.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Fitting, RowsOf } from "../../sql/typed-rows.ts";
import { RowWriter } from "./row-writer.ts";
import { checkSinkOptions, type SqliteSinkOptions } from "./sink-options.ts";
import {
  checkTablesOptions,
  type SqliteTables,
  type SqliteTablesOptions,
} from "./tables-options.ts";
import { type Checked, type Loader, TreeWriter } from "./tree-writer.ts";
import { checkWriteOptions, FunctionWriter, type SqliteWriteOptions } from "./transaction.ts";
import { Turns } from "./turns.ts";
import { Writer } from "./writer.ts";

/** The `load` of a sink. With `write` it returns a promise if that does, or if it must wait for one. */
export interface SqliteLoad<Row extends object = object, Done = void> {
  /** Writes the rows, and the mark of the items they complete, in one transaction. */
  <T extends Fitting<T, Row>>(rows: readonly T[], context: SinkLoadContext): Done;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** A `load` that wraps a function. Its rows may differ from those that are written. */
export interface SqliteWrappedLoad<T> {
  /** Calls the function; writes the rows it passes on, and the mark of their items, in one transaction. */
  (rows: T[], context: LoadContext): unknown;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** Receives the rows to write once the wrapped function has returned. Call it at most once. */
export type SqliteStage<Row extends object = object> = <R extends Fitting<R, Row>>(
  rows: readonly R[],
  context?: SinkLoadContext,
) => void;

/** One or several tables as the target of a pipeline. */
export interface SqliteSink<Row extends object = object, Done = void> {
  /** The `load` of the pipeline. */
  readonly load: SqliteLoad<Row, Done>;
  /**
   * Wraps a function as the `load` of the pipeline. The rows that it passes to its third argument are
   * written and marked in one transaction once it has returned. If it fails, nothing is written. A
   * repeated run may repeat its other side effects.
   */
  wrap<T>(
    fn: (rows: T[], context: LoadContext, load: SqliteStage<Row>) => unknown,
  ): SqliteWrappedLoad<T>;
  /** The `checkpoints` of the run: `load` commits them together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
  /** Returns a stream for the `deadLetters` of a run. Letters it has written are committed. */
  deadLetters<E = unknown>(): WritableStream<DeadLetter<E>>;
}

const action = "construct sqliteSink";

/**
 * Loads into a table of SQLite. Each batch is one transaction. If the run has
 * `checkpoints: sink.checkpoints`, the mark of its items is part of the transaction: after a crash at any
 * instant, the next run leaves every row there exactly once.
 *
 * Rows are objects whose properties are named like the columns. A property without a column is rejected,
 * unless `unknown` says otherwise. Values are strings, numbers, bigints of 64 bits, `null` and
 * `Uint8Array`s. A value that SQLite would change or cut fails its row, and the error says what to pass
 * instead: booleans, dates, `NaN`, `-0`, strings with NUL or a lone surrogate, other objects. With
 * `columns`, `undefined` is rejected too; without, the column gets its default, as for a missing
 * property. The type of a column may still convert a value: a number in a `text` column becomes text, and
 * 5 becomes "5.0" on most clients.
 *
 * Give the sink its own connection: a load fails if a transaction is open on it. The calls are
 * synchronous. Errors of the database are passed through. One of them says that another process holds the
 * lock (`SQLITE_BUSY`), so open the database with a `timeout`, or set `pragma busy_timeout`. With
 * `pragma journal_mode = wal` others can read at the same time.
 *
 * The tables `millrace_checkpoint`, `millrace_dead_letter` and `millrace_delivery` are created when they
 * are first needed; the table for the rows never is. Each run checks the tables, and again after a failed
 * load.
 *
 * @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. A load throws it
 *   if no row fits (the table, a column or a unique index is missing, a column is generated), the
 *   database cannot be written, its client is asynchronous, or it is the second use of a sink in one
 *   load.
 *
 * @example Rows that are there already are updated
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { etl } from "millrace";
 * import { sqliteSink } from "millrace/sqlite";
 * import { deepEqual } from "node:assert/strict";
 *
 * const db = new DatabaseSync(":memory:");
 * db.exec("create table users (id integer primary key, name text); insert into users values (1, 'A')");
 * const sink = sqliteSink(db, { table: "users", columns: ["id", "name"], conflict: "replace" });
 * const extract = () => [{ id: 1, name: "Ada" }, { id: 2, name: "Grace" }];
 * await etl({ name: "users", extract, load: sink.load }).run({ batchSize: 100 });
 *
 * const names = db.prepare("select name from users order by id").all().map(({ name }) => name);
 * deepEqual(names, ["Ada", "Grace"]);
 * ```
 *
 * @example A user and the posts of it, with an id that the database makes
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { etl } from "millrace";
 * import { sqliteSink } from "millrace/sqlite";
 * import { deepEqual } from "node:assert/strict";
 *
 * const db = new DatabaseSync(":memory:");
 * db.exec(`create table user (id integer primary key, name text);
 *   create table post (user_id integer references user, title text)`);
 * const sink = sqliteSink(db, {
 *   tables: { user: {}, post: { parent: { table: "user", on: { user_id: "id" } } } },
 * });
 * await etl({
 *   name: "users",
 *   extract: () => [{ name: "Ada", posts: ["One", "Two"] }],
 *   transform: ({ name, posts }) => ({ user: { name }, post: posts.map((title) => ({ title })) }),
 *   load: sink.load,
 * }).run({ batchSize: 100 });
 *
 * const sql = "select name, title from post join user on user.id = user_id order by title";
 * deepEqual(db.prepare(sql).all().map(({ name, title }) => [name, title]), [
 *   ["Ada", "One"],
 *   ["Ada", "Two"],
 * ]);
 * ```
 */
export function sqliteSink<const Tables extends SqliteTables>(
  db: SqliteDatabase,
  options: SqliteTablesOptions<Tables> & SqliteDeliveryOptions,
): SqliteSink<RowsOf<Tables>>;
/** Loads by a function that writes in the transaction. */
export function sqliteSink<Row extends object = object>(
  db: SqliteDatabase,
  options: SqliteWriteOptions<Row> & SqliteDeliveryOptions,
): SqliteSink<Row, void | Promise<void>>;
/** Loads into one table. */
export function sqliteSink<const Columns extends readonly string[] = readonly string[]>(
  db: SqliteDatabase,
  options: SqliteSinkOptions<Columns> & SqliteDeliveryOptions,
): SqliteSink<RowsOf<NoInfer<Columns>>>;
export function sqliteSink(
  db: SqliteDatabase,
  options: SinkOptions,
): SqliteSink {
  if (!database.test(db)) fail(action, "db", database.expected, db);
  const { keepDeliveries, ...rest } = Object(options) as SinkOptions;
  const deliveries = new SqliteDeliveries(db, action, keepDeliveries);
  const loader = loaderOf(db, Object(options) === options ? rest as SinkOptions : options);
  const turns = new Turns();
  const checkpoints = new SqliteCheckpoints(db, turns);
  const { load, wrap } = sinkLoads(
    checkpoints,
    rowCheck({ db, loader, checkpoints, turns, deliveries }),
  );
  return {
    load: load as SqliteLoad,
    wrap: wrap as unknown as SqliteSink["wrap"],
    checkpoints,
    deadLetters: () => openDeadLetters(db, turns),
  };
}

const nothing: Checked = { write: () => {}, drift: {}, written: new Written() };

type SinkOptions =
  & (SqliteSinkOptions | SqliteTablesOptions | SqliteWriteOptions<never>)
  & SqliteDeliveryOptions;

function loaderOf(db: SqliteDatabase, options: SinkOptions): Loader {
  const given = (["table", "tables", "write"] as const)
    .filter((name) => options?.[name] !== undefined);
  if (given.length > 1) {
    fail(action, given[1]!, `omitted beside '${given[0]}'`, options[given[1]!]);
  }
  if (options?.write !== undefined) {
    return new FunctionWriter(db, checkWriteOptions(action, options as SqliteWriteOptions));
  }
  if (options?.tables === undefined) {
    return new RowWriter(db, checkSinkOptions(action, options as SqliteSinkOptions));
  }
  const { linked, tables } = checkTablesOptions(action, options);
  return new TreeWriter(db, linked, tables.map((table) => new Writer(db, table)));
}

/** Checks rows first, as then nothing is written if one is wrong. */
function rowCheck({ db, loader, checkpoints, turns, deliveries }: {
  readonly db: SqliteDatabase;
  readonly loader: Loader;
  readonly checkpoints: SqliteCheckpoints;
  readonly turns: Turns;
  readonly deliveries: SqliteDeliveries;
}): (...load: Parameters<CheckRows>) => Commit {
  let isKnown = false;
  return (rows, context, isMarked) => {
    const { runId, batch, batch: { key } } = context;
    if (!isKnown) checkClient(db);
    isKnown = true;
    const { write, drift, written } = rows.length === 0 ? nothing : loader.check(rows, context);
    const commit = () => {
      if (key === undefined) {
        return turns.take(() => deliveries.commit(batch.deliveries, write));
      }
      return checkpoints.commit(markOf(key, context, isMarked), write);
    };
    return () => {
      const failed = (error: unknown): never => {
        loader.failed(error, runId);
        throw error;
      };
      const done = (takeBack: unknown) => {
        if (Object.keys(drift).length > 0) context.drift?.(drift);
        written.tell(context);
        return takeBack;
      };
      let takeBack: unknown;
      try {
        takeBack = commit();
      } catch (error) {
        return failed(error);
      }
      return isThenable(takeBack) ? Promise.resolve(takeBack).then(done, failed) : done(takeBack);
    };
  };
}
