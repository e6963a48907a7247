import type { LoadContext } from "../../pipeline/pipeline.ts";
import type {
  Awaitable,
  Checkpoint,
  CheckpointStore,
  DoneRange,
  FinishedCounts,
} from "../../checkpoints/checkpoint.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { expectSame } from "./expectations.ts";
import { newKey } from "./new-key.ts";

/** A row of the table that a sink is tested with. `id` is its primary key. */
export interface SinkRow {
  /** A 32-bit integer; a second row with the same id is rejected. */
  readonly id: number;
  /** Any text. */
  readonly name: string;
}

/** A sink under test, whose table is empty. */
export interface TestedSink {
  /** Writes rows, and the mark of the items they complete, in one transaction. */
  load(rows: SinkRow[], context: LoadContext): unknown;
  /** The store whose marks `load` commits. */
  readonly checkpoints: CheckpointStore;
  /** Wraps a function as a load, if the sink supports it: see `sinkLoads` of `millrace/checkpoint`. */
  wrap?(
    fn: (
      rows: SinkRow[],
      context: LoadContext,
      load: (rows: readonly SinkRow[]) => unknown,
    ) => unknown,
  ): (rows: SinkRow[], context: LoadContext) => unknown;
  /** Returns a stream for dead letters. */
  deadLetters(): WritableStream<DeadLetter>;
  /** Reads the table, in any order. */
  rows(): Awaitable<readonly SinkRow[]>;
  /**
   * Makes every load wait from now on, for example by a lock on the table, and returns a function that
   * releases them. Omit it if no load ever waits.
   */
  hold?(): Awaitable<() => unknown>;
  /** Removes the table, if possible. Each load must then report that. */
  dropTable?(): unknown;
  /** Adds a nullable column to the table, for a sink that fills all columns of its table. */
  addColumn?(name: string): unknown;
  /** Makes the response to the next commit of a load get lost, after the commit. */
  loseAnswer?(): unknown;
  /** Removes everything that `create` made, after the test, whatever its outcome. */
  close(): unknown;
}

/** Defines a test that is given a sink. */
export type DefineSinkTest = (name: string, test: (sink: TestedSink) => Promise<void>) => unknown;

/**
 * Function that writes the rows of a sink under test: `insert` writes rows into its table, within the
 * transaction of the load.
 */
export type TestedWrite = (
  insert: (rows: readonly SinkRow[]) => unknown,
  rows: readonly SinkRow[],
) => Promise<void>;

/** Has a test use what was made for it, which is closed in the end, whatever came of it. */
export async function using<Sink extends { close(): unknown }>(
  made: Awaitable<Sink>,
  test: (sink: Sink) => Promise<void>,
): Promise<void> {
  const sink = await made;
  try {
    await test(sink);
  } finally {
    await sink.close();
  }
}

/** A row, made of its id. */
export const rowOf = (id: number): SinkRow => ({ id, name: `name ${id}` });
/** Rows, made of their ids. */
export const rowsOf = (...ids: number[]): SinkRow[] => ids.map(rowOf);

/** A load to be made; without ranges it completes as many items as it has rows. */
export interface LoadCase<Row = SinkRow> {
  /** The rows. */
  readonly rows: Row[];
  /** The key, where there are checkpoints. */
  readonly key?: string;
  /** Ranges that it completes. */
  readonly ranges?: readonly DoneRange[];
  /** Fate of these items. */
  readonly counts?: FinishedCounts;
  /** The run. */
  readonly runId?: string;
  /** Which attempt it is. */
  readonly attempt?: number;
  /** Aborts when the load is to stop; never where nothing is said. */
  readonly signal?: AbortSignal;
  /** Further members of the context. */
  readonly more?: object;
}

/** Calls `load` as a run does. */
export async function load<Row = SinkRow>(
  sink: { load(rows: Row[], context: LoadContext): unknown },
  loading: LoadCase<Row>,
): Promise<void> {
  const { rows, key, ranges = [[0, rows.length]], runId = "one", attempt = 1, more } = loading;
  const { signal = new AbortController().signal, counts } = loading;
  const marks = key === undefined ? {} : { key, ranges, ...(counts && { counts }) };
  const batch = { sequence: 0, offset: 0, size: rows.length, attempt, ...marks };
  await sink.load(rows, {
    signal,
    pipeline: "sink",
    runId,
    defer: () => {},
    batch,
    drift: () => {},
    wrote: () => {},
    branched: () => {},
    ...more,
  });
}

/** Throws unless a call has failed. */
export async function expectFailure(what: string, call: Promise<unknown>): Promise<void> {
  const hasFailed = await call.then(() => false, () => true);
  expectSame(`${what} has failed`, hasFailed, true);
}

/** Throws unless the table has the rows of these ids. */
export async function expectRows(sink: TestedSink, ...ids: number[]): Promise<void> {
  const rows = (await sink.rows()).map(({ id, name }) => ({ id, name }));
  expectSame("rows", rows.sort((a, b) => a.id - b.id), rowsOf(...ids));
}

/** Throws unless the checkpoint says that so much is finished, and no more. */
export async function expectMark(
  sink: Pick<TestedSink, "checkpoints">,
  key: string,
  expected: Pick<Checkpoint, "offset"> & Partial<Checkpoint>,
): Promise<void> {
  const found = await sink.checkpoints.read(key);
  const { offset, done, position } = found ?? { offset: 0, done: [] };
  expectSame("checkpoint", { offset, done, position }, { done: [], ...expected });
}

/** When the claims of the tests begin: milliseconds since 1970. */
export const claimedAt = 1_700_000_000_000;

/** Claims a key for a run, for a second from `now` on. */
export async function claim(
  { checkpoints }: Pick<TestedSink, "checkpoints">,
  key: string,
  runId: string,
  now: number = claimedAt,
): Promise<void> {
  const claimed = await checkpoints.claim?.(key, { runId, until: now + 1000 }, now);
  expectSame("owner", claimed?.runId, runId);
}

/** A key of its own, claimed for the run `"one"`, which loads where nothing else is said. */
export async function claimedKey(sink: Pick<TestedSink, "checkpoints">): Promise<string> {
  const key = newKey();
  await claim(sink, key, "one");
  return key;
}
