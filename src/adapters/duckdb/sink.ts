import { fail } from "../../options.ts";
import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import { markOf } from "../../checkpoints/commit-mark.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import {
  asyncLoad,
  type CheckRows,
  type Commit,
  sinkLoads,
  type Wrapped,
} from "../../checkpoints/sink-loads.ts";
import { DuckdbCheckpoints } from "./checkpoints.ts";
import { connectionRule, type DuckdbConnection } from "./client.ts";
import { openDeadLetters } from "./dead-letters.ts";
import { DuckdbDeliveries, type DuckdbDeliveryOptions } from "./deliveries.ts";
import type { Checked, Loader } from "./loader.ts";
import { RowWriter } from "./row-writer.ts";
import { checkSinkOptions, type DuckdbSinkOptions } from "./sink-options.ts";
import {
  checkTablesOptions,
  type DuckdbTables,
  type DuckdbTablesOptions,
} from "./tables-options.ts";
import { checkWriteOptions, type DuckdbWriteOptions, FunctionWriter } from "./transaction.ts";
import { TreeWriter } from "./tree-writer.ts";
import { unlessAborted } from "../../runtime/waiting.ts";
import type { Fitting, RowsOf } from "../../sql/typed-rows.ts";
import { Written } from "../../sql/written.ts";
import { Writer } from "./writer.ts";

/** The `load` of a sink. */
export interface DuckdbLoad<Row extends object = object> {
  /** Writes the rows, and the mark of the items they complete, in one transaction. */
  <T extends Fitting<T, Row>>(rows: readonly T[], context: SinkLoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** A `load` that wraps a function. Its rows may differ from those that are written. */
export interface DuckdbWrappedLoad<T> {
  /** Calls the function; writes the rows it passes on, and the mark of their items, in one transaction. */
  (rows: T[], context: LoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** Receives the rows to write once the wrapped function has returned. Call it at most once. */
export type DuckdbStage<Row extends object = object> = <R extends Fitting<R, Row>>(
  rows: readonly R[],
  context?: SinkLoadContext,
) => Promise<void>;

/** One or several tables as the target of a pipeline. */
export interface DuckdbSink<Row extends object = object> {
  /** The `load` of the pipeline. */
  readonly load: DuckdbLoad<Row>;
  /**
   * Wraps a function as the `load` of the pipeline. The rows that it passes to its third argument are
   * written and marked in one transaction once it has returned. If it fails, nothing is written. A
   * repeated run may repeat its other side effects.
   */
  wrap<T>(
    fn: (rows: T[], context: LoadContext, load: DuckdbStage<Row>) => unknown,
  ): DuckdbWrappedLoad<T>;
  /** The `checkpoints` of the run: `load` commits them together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
  /** Returns a stream for the `deadLetters` of a run. Letters it has written are committed. */
  deadLetters<E = unknown>(): WritableStream<DeadLetter<E>>;
}

const action = "construct duckdbSink";

/**
 * Loads into one or several tables of DuckDB. Each batch is one transaction. If the run has
 * `checkpoints: sink.checkpoints`, the mark of its items is part of the transaction: after a crash at any
 * instant, the next run leaves every row there exactly once.
 *
 * Rows are objects whose properties are named like the columns. A property without a column is rejected,
 * unless `unknown` says otherwise. Nothing is changed silently: a value that its column would not hold
 * unchanged fails its row, and the error says what the column accepts. Integers, as numbers or bigints,
 * go into integer types by their range; a number into `float`, rounded to the nearest 32-bit value;
 * numbers into `decimal` if they have no more decimals than the type; a `Date` into the types of
 * `timestamp`, in UTC if they have no time zone; a `Uint8Array` into `blob`; arrays into lists and
 * arrays, objects into structs, any JSON value into `json`. The database reads a string as the type of
 * the column, except for `blob`, lists and structs. With `columns`, `undefined` is rejected; without, the
 * column gets its default, as for a missing property.
 *
 * With `conflict: "error"` rows go through the appender of the connection if it accepts them unchanged.
 * Foreign keys among `tables` prevent DuckDB from some deletes and updates; these are rejected.
 *
 * Give the sink its own connection: a load fails if a transaction is open on it. Calls of sinks on it
 * take turns. Errors of the database are passed through, such as a conflict with a transaction on another
 * connection.
 *
 * The tables `millrace_checkpoint`, `millrace_dead_letter` and `millrace_delivery` are created when they
 * are first needed; the table for the rows never is. Each run checks the tables, and again after a failed
 * load.
 *
 * @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. A load rejects
 *   with it if no row fits (the table, a column or a unique index is missing, a column is generated), the
 *   database cannot be written, or it is the second use of a sink in one load.
 *
 * @example Rows that are there already are updated
 * ```ts
 * import { DuckDBInstance } from "@duckdb/node-api";
 * import { etl } from "millrace";
 * import { duckdbSink } from "millrace/duckdb";
 * import { deepEqual } from "node:assert/strict";
 *
 * const connection = await (await DuckDBInstance.create(":memory:")).connect();
 * await connection.run("create table users (id integer primary key, name varchar)");
 * await connection.run("insert into users values (1, 'A')");
 * const sink = duckdbSink(connection, { table: "users", conflict: "replace" });
 * const extract = () => [{ id: 1, name: "Ada" }, { id: 2, name: "Grace" }];
 * await etl({ name: "users", extract, load: sink.load }).run({ batchSize: 1000 });
 *
 * const result = await connection.run("select * from users order by id");
 * deepEqual(await result.getRows(), [[1, "Ada"], [2, "Grace"]]);
 * ```
 */
export function duckdbSink<const Tables extends DuckdbTables>(
  connection: DuckdbConnection,
  options: DuckdbTablesOptions<Tables> & DuckdbDeliveryOptions,
): DuckdbSink<RowsOf<Tables>>;
/** Loads by a function that writes in the transaction. */
export function duckdbSink<Row extends object = object>(
  connection: DuckdbConnection,
  options: DuckdbWriteOptions<Row> & DuckdbDeliveryOptions,
): DuckdbSink<Row>;
/** Loads into one table. */
export function duckdbSink<const Columns extends readonly string[] = readonly string[]>(
  connection: DuckdbConnection,
  options: DuckdbSinkOptions<Columns> & DuckdbDeliveryOptions,
): DuckdbSink<RowsOf<NoInfer<Columns>>>;
export function duckdbSink(connection: DuckdbConnection, options: SinkOptions): DuckdbSink {
  if (!connectionRule.test(connection)) {
    fail(action, "connection", connectionRule.expected, connection);
  }
  const { keepDeliveries, ...rest } = Object(options) as SinkOptions;
  const deliveries = new DuckdbDeliveries(connection, action, keepDeliveries);
  const loader = loaderOf(connection, Object(options) === options ? rest as SinkOptions : options);
  const checkpoints = new DuckdbCheckpoints(connection);
  const { load, wrap } = sinkLoads(checkpoints, rowCheck(loader, checkpoints, deliveries));
  return {
    load: asyncLoad(checkpoints, load),
    wrap: ((fn: Wrapped) => asyncLoad(checkpoints, wrap(fn))) as unknown as DuckdbSink["wrap"],
    checkpoints,
    deadLetters: () => openDeadLetters(connection),
  };
}

type SinkOptions =
  & (DuckdbSinkOptions | DuckdbTablesOptions | DuckdbWriteOptions<never>)
  & DuckdbDeliveryOptions;

function loaderOf(connection: DuckdbConnection, options: SinkOptions): Loader {
  const given = (["table", "tables", "write"] as const)
    .filter((name) => options?.[name] !== undefined);
  if (given.length > 1) {
    fail(action, given[1]!, `omitted beside '${given[0]}'`, options[given[1]!]);
  }
  if (options?.write !== undefined) {
    return new FunctionWriter(connection, checkWriteOptions(action, options as DuckdbWriteOptions));
  }
  if (options?.tables === undefined) {
    const settings = checkSinkOptions(action, options as DuckdbSinkOptions);
    return new RowWriter(connection, new Writer(connection, settings));
  }
  const { linked, tables } = checkTablesOptions(action, options);
  return new TreeWriter(connection, linked, tables.map((table) => new Writer(connection, table)));
}

const nothing: Checked = { write: () => Promise.resolve(), drift: {}, written: new Written() };

/** Checks rows first, as then nothing is written if one is wrong. */
function rowCheck(
  loader: Loader,
  checkpoints: DuckdbCheckpoints,
  deliveries: DuckdbDeliveries,
): (...load: Parameters<CheckRows>) => Promise<Commit> {
  return async (rows, context, isMarked) => {
    const { runId, signal, batch, batch: { key } } = context;
    const { write, drift, written } = rows.length === 0
      ? nothing
      : await unlessAborted(loader.check(rows, context), signal);
    return async () => {
      let takeBack: unknown;
      try {
        takeBack = key === undefined
          ? await deliveries.commit(batch.deliveries, write, signal)
          : await checkpoints.commit(markOf(key, context, isMarked), write, signal);
      } catch (error) {
        await loader.failed(error, runId);
        throw error;
      }
      if (Object.keys(drift).length > 0) context.drift?.(drift);
      written.tell(context);
      return takeBack;
    };
  };
}
