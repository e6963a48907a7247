import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import { markOf } from "../../checkpoints/commit-mark.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import {
  asyncLoad,
  type CheckRows,
  sinkLoads,
  type Wrapped,
} from "../../checkpoints/sink-loads.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { fail } from "../../options.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import type { Fitting } from "../../sql/typed-rows.ts";
import { Written } from "../../sql/written.ts";
import { DatabaseCheckpoints } from "./checkpoints.ts";
import type { Database } from "./database.ts";
import { DatabaseDeliveries } from "./deliveries.ts";
import { openDeadLetters } from "./dead-letters.ts";
import { RowWriter } from "./row-writer.ts";
import {
  checkSinkOptions,
  checkTablesOptions,
  type CloudflareSinkOptions,
  type CloudflareTablesOptions,
  takeShared,
} from "./sink-options.ts";
import { checkWriteOptions, type CloudflareWriteOptions, FunctionWriter } from "./transaction.ts";
import { type Checked, type Loader, TreeWriter } from "./tree-writer.ts";

/** The `load` of a sink, with a link to the store whose marks it commits. */
export interface CloudflareLoad<Rows extends object = object> {
  /** Writes the rows, and the mark of the items they complete, in one transaction. */
  <T extends Fitting<T, Rows>>(rows: readonly T[], context: SinkLoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** A `load` that wraps a function. Its rows may differ from those that are written. */
export interface CloudflareWrappedLoad<T> {
  /** Calls the function; writes the rows it passes on, and the mark of their items, in one transaction. */
  (rows: T[], context: LoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** Receives the rows to write once the wrapped function has returned. Call it at most once. */
export type CloudflareStage<Rows extends object = object> = <R extends Fitting<R, Rows>>(
  rows: readonly R[],
  context?: SinkLoadContext,
) => Promise<void>;

/** A sink of rows that also stores the marks of loaded batches. */
export interface CloudflareSink<Rows extends object = object> {
  /** The `load` of the pipeline. Bound: it can be passed on alone. */
  readonly load: CloudflareLoad<Rows>;
  /**
   * Wraps a function as the `load` of the pipeline. The rows that it passes to its third argument are
   * written and marked in one transaction once it has returned. If it fails, nothing is written. A
   * repeated run may repeat its other side effects.
   */
  wrap<T>(
    fn: (rows: T[], context: LoadContext, load: CloudflareStage<Rows>) => unknown,
  ): CloudflareWrappedLoad<T>;
  /** The `checkpoints` of the run: `load` commits them together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
  /** Returns a stream for the `deadLetters` of a run. Letters it has written are committed. */
  deadLetters<E = unknown>(): WritableStream<DeadLetter<E>>;
}

/** The options of a sink: of one table, of several ones, or with a function. */
export type SinkOptions =
  | CloudflareSinkOptions
  | CloudflareTablesOptions
  | CloudflareWriteOptions<never>;

/** Makes a sink of a database; `action` begins the message about a wrong option. */
export function databaseSink(action: string, db: Database, options: SinkOptions): CloudflareSink {
  const { maxBytes, keepDeliveries, rest } = takeShared(action, Object(options) as SinkOptions);
  const loader = loaderOf(action, db, rest as SinkOptions, maxBytes);
  const deliveries = new DatabaseDeliveries(db, keepDeliveries, maxBytes);
  const checkpoints = new DatabaseCheckpoints(db, deliveries);
  const { load, wrap } = sinkLoads(checkpoints, rowCheck(loader, checkpoints));
  return {
    load: asyncLoad(checkpoints, load) as CloudflareLoad,
    wrap: ((fn: Wrapped) => asyncLoad(checkpoints, wrap(fn))) as CloudflareSink["wrap"],
    checkpoints,
    deadLetters: () => openDeadLetters(db, maxBytes),
  };
}

function loaderOf(action: string, db: Database, options: SinkOptions, maxBytes: number): Loader {
  const given = (["table", "tables", "write"] as const)
    .filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    fail(action, given[1]!, `omitted beside '${given[0]}'`, options[given[1]!]);
  }
  if (options.write !== undefined) {
    const write = checkWriteOptions(action, options as CloudflareWriteOptions);
    return new FunctionWriter(db, write, maxBytes);
  }
  if (options.tables === undefined) {
    return new RowWriter(db, checkSinkOptions(action, options as CloudflareSinkOptions), maxBytes);
  }
  return new TreeWriter(db, { ...checkTablesOptions(action, options), maxBytes });
}

const nothing: Checked = { write: () => [], drift: {}, written: new Written() };

/** Checks rows first, as then nothing is written if one is wrong. */
function rowCheck(loader: Loader, checkpoints: DatabaseCheckpoints): CheckRows {
  return async (rows, context, isMarked) => {
    const { runId, signal, batch: { key, deliveries } } = context;
    const checking = async () => rows.length === 0 ? nothing : await loader.check(rows, context);
    const { write, drift, written } = await checking();
    return async () => {
      let takeBack: unknown;
      try {
        if (key === undefined) await checkpoints.load(write, deliveries, signal);
        else takeBack = await checkpoints.commit(markOf(key, context, isMarked), write, signal);
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
