import { refuse } from "../../options.ts";
import { type CheckpointStore, commitsTo } from "../../resilience/checkpoint.ts";
import type { DeadLetter } from "../../resilience/dead-letter.ts";
import { checkLoadContext, type SinkLoadContext } from "../../resilience/mark.ts";
import { SqliteCheckpoints } from "./checkpoints.ts";
import { database, type SqliteDatabase, transact } from "./database.ts";
import { deadLetterStream } from "./dead-letters.ts";
import { Inserter } from "./inserter.ts";
import { checkSinkOptions, type SqliteSinkOptions } from "./sink-options.ts";
import { valuesOf } from "./values.ts";

/** The `load` of a sink. */
export interface SqliteLoad {
  /** Writes the rows, and what they complete, in one transaction. */
  <T extends object>(rows: readonly T[], context: SinkLoadContext): void;
  /** The store whose marks it commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** A table as the end of a pipeline. */
export interface SqliteSink {
  /** The `load` of the pipeline. */
  readonly load: SqliteLoad;
  /** The `checkpoints` of the run: what `load` commits together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
  /** Gives a stream for the `deadLetters` of a run. What it has written is committed. */
  deadLetters<E = unknown>(): WritableStream<DeadLetter<E>>;
}

/**
 * Loads into a table of SQLite. Each batch is one transaction, and where the run has
 * `checkpoints: sink.checkpoints` the mark of what it completes is part of it: after a crash at any
 * instant, the next run leaves every row there exactly once.
 *
 * Rows are objects whose properties are named like the columns. Their values are strings, numbers,
 * bigints of 64 bits, `null` and `Uint8Array`s. What SQLite would change or cut fails its row with
 * words on what to give instead: `undefined`, booleans, dates, `NaN`, `-0`, strings with NUL or half
 * of a surrogate pair, other objects. What the type of a column makes of a value is up to the table:
 * a number in a column of type `text` becomes a text, 5 the text "5.0" on most clients.
 *
 * Give the sink a connection of its own: a transaction that is open on it makes the load fail. The
 * calls are synchronous. Errors of the database come through. That another process holds the lock
 * (`SQLITE_BUSY`) is one of them, so open the database with a `timeout`, or set
 * `pragma busy_timeout`; `pragma journal_mode = wal` lets others read meanwhile.
 *
 * The tables `millrace_checkpoint` and `millrace_dead_letter` are made when they are first needed;
 * the table for the rows never is.
 *
 * @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule.
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
 */
export function sqliteSink(db: SqliteDatabase, options: SqliteSinkOptions): SqliteSink {
  if (!database.holds(db)) refuse("construct sqliteSink", "db", database.words, db);
  const settings = checkSinkOptions(options);
  const checkpoints = new SqliteCheckpoints(db);
  const inserter = new Inserter(db, settings);
  const load = (rows: readonly object[], context: SinkLoadContext): void => {
    checkLoadContext(context);
    const { runId, batch } = context;
    const values = valuesOf(rows, settings.columns); // First, as then nothing is written if it fails.
    const { key, ranges = [] } = batch;
    const insert = () => inserter.insert(values);
    if (key === undefined) return transact(db, insert);
    checkpoints.commit({ key, runId, ranges }, insert);
  };
  return {
    load: Object.assign(load, { [commitsTo]: checkpoints }),
    checkpoints,
    deadLetters: () => deadLetterStream(db),
  };
}
