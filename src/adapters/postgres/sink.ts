import { refuse } from "../../options.ts";
import { type CheckpointStore, commitsTo } from "../../resilience/checkpoint.ts";
import type { DeadLetter } from "../../resilience/dead-letter.ts";
import { checkLoadContext, type SinkLoadContext } from "../../resilience/mark.ts";
import { checkpointTable, deadLetterTable } from "./bookkeeping.ts";
import { PostgresCheckpoints } from "./checkpoints.ts";
import type { Database } from "./database.ts";
import { deadLetterStream } from "./dead-letters.ts";
import { openDatabase, type PostgresClient } from "./open-database.ts";
import { checkSink, type PostgresSinkOptions } from "./sink-options.ts";
import { isDuplicate } from "./sql-state.ts";
import { type Send, Writer } from "./writer.ts";

/** Loads batches; links itself to the store whose marks it commits together with them. */
export interface PostgresLoad {
  /** Writes the rows, and what they complete, in one transaction. */
  <T extends object>(rows: readonly T[], context: SinkLoadContext): Promise<void>;
  /** The store whose marks it commits. */
  readonly [commitsTo]: CheckpointStore;
}

/** A table to load into, with the marks of what is loaded beside it. */
export interface PostgresSink {
  /** Loads a batch and marks it as loaded, in one transaction. Bound: it can be passed on alone. */
  readonly load: PostgresLoad;
  /** Keeps the checkpoints in the table `millrace_checkpoint`. */
  readonly checkpoints: Required<CheckpointStore>;
  /** A stream that keeps dead letters in the table `millrace_dead_letter`. */
  deadLetters(): WritableStream<DeadLetter>;
}

const action = "construct postgresSink";

/**
 * A table of PostgreSQL as the end of a pipeline. Where the run takes `checkpoints` from it, each
 * load and its mark are one commit: after a crash at any instant a second run leaves every row
 * exactly once.
 *
 * Nothing is silently changed: a value that its column would not give back is refused with a
 * `BatchError` that names row and column. Numbers go into columns of numbers only, booleans into
 * `boolean`, a `Date` into `timestamptz`, a `Uint8Array` into `bytea`, arrays into arrays, and any
 * value of JSON into `json` and `jsonb`, where `null` is SQL's; a string is taken as the database
 * reads it, by any column but `bytea`. `undefined` is refused.
 *
 * A pool needs one connection for each worker, and one more for a cursor of `postgresSource`.
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
 * @throws {ConfigurationError} If the client is of no known kind, or an option breaks its rule. A
 * load rejects with it if the table, a column or a type is not there.
 */
export function postgresSink(client: PostgresClient, options: PostgresSinkOptions): PostgresSink {
  const checked = checkSink(action, options);
  const database = openDatabase(action, client, { copyFrom: checked.copyFrom, isFixed: true });
  if (checked.method === "copy" && !database.hasCopy) {
    refuse(
      action,
      "method",
      `"insert", as "copy" needs a PGlite, a SQL of Bun, or pg with 'copyFrom'`,
      checked.method,
    );
  }
  const { schema } = checked;
  const checkpoints = new PostgresCheckpoints(database, checkpointTable(database, schema));
  const writer = new Writer(database, checked);
  const load = loader(writer.database, checkpoints, writer);
  const letters = deadLetterTable(database, schema);
  return {
    load: Object.assign(load, { [commitsTo]: checkpoints }),
    checkpoints,
    deadLetters: () => deadLetterStream(database, letters),
  };
}

type Load = (rows: readonly object[], context: SinkLoadContext) => Promise<void>;

function loader(database: Database, checkpoints: PostgresCheckpoints, writer: Writer): Load {
  return async (rows, context) => {
    checkLoadContext(context);
    const { runId, signal, batch: { attempt, key, ranges } } = context;
    const send = await writer.check(rows, context);
    if (key === undefined || ranges === undefined) {
      await writer.send(send, signal);
      return tellDrift(send, context);
    }
    const mark = { key, runId, ranges };
    await checkpoints.prepare(signal);
    if (attempt > 1 && await checkpoints.has(mark, signal)) return; // Only the answer was lost.
    let isLoaded = false;
    try {
      const onCommitted = await database.transaction(async (session) => {
        await send(session);
        const marked = await checkpoints.mark(session, mark);
        isLoaded = marked === undefined;
        return marked ?? Promise.reject(new Error("The batch is loaded already")); // Rolls back.
      }, signal);
      onCommitted();
      tellDrift(send, context);
    } catch (error) {
      // The rows may have met themselves: a commit whose answer was lost came through meanwhile.
      if (isLoaded || (isDuplicate(error) && await checkpoints.has(mark, signal))) return;
      throw error;
    }
  };
}

/** What no column took is told once the rest is committed. */
function tellDrift({ drift }: Send, context: SinkLoadContext): void {
  if (Object.keys(drift).length > 0) context.drift?.(drift);
}
