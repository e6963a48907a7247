import type { Mark, SinkLoadContext } from "../../resilience/mark.ts";
import { leaveOpen } from "../../resilience/open-outcome.ts";
import type { CheckRows, Commit } from "../../resilience/sink-loads.ts";
import type { PostgresCheckpoints } from "./checkpoints.ts";
import type { Database, Session } from "./database.ts";

/** Sends a batch that was checked. */
export type Send = (session: Session) => Promise<unknown>;

/** How batches are sent. */
export interface Writer {
  /** Checks a batch, before anything is sent, and gives what sends it. */
  check(rows: readonly object[], context: SinkLoadContext): Promise<Send>;
  /** Sends a batch by itself, all of it or nothing. */
  send(send: Send): Promise<unknown>;
}

/** Checks rows first, as then nothing is sent if one is wrong. */
export function committer(
  database: Database,
  checkpoints: PostgresCheckpoints,
  writer: Writer,
): (...load: Parameters<CheckRows>) => Promise<Commit> {
  return async (rows, context, isMarked) => {
    const { runId, signal, batch: { attempt, key, ranges } } = context;
    const send = rows.length === 0 ? sendNothing : await writer.check(rows, context);
    if (key === undefined || ranges === undefined) {
      return () => rows.length === 0 ? undefined : writer.send(send);
    }
    const mark = { key, runId, ranges };
    const sendIn = async (session: Session) => {
      await send(session);
      signal?.throwIfAborted(); // What is no longer wanted is not committed.
    };
    return isMarked
      ? () => commitMarked(database, checkpoints, sendIn, mark, attempt)
      : () => commitUnmarked(database, checkpoints, sendIn, mark);
  };
}

const sendNothing: Send = () => Promise.resolve();

/**
 * Commits rows and mark together, and gives what takes the mark back; succeeds if an earlier attempt
 * has, whose answer was lost.
 */
async function commitMarked(
  database: Database,
  checkpoints: PostgresCheckpoints,
  send: Send,
  mark: Mark,
  attempt: number,
): Promise<(() => Promise<void>) | undefined> {
  await checkpoints.prepare();
  if (attempt > 1 && await checkpoints.has(mark)) return undefined;
  let state: "open" | "loaded" | "marked" = "open";
  try {
    const { onCommitted, takeBack } = await database.transaction(async (session) => {
      await send(session);
      const marked = await checkpoints.mark(session, mark);
      state = marked === undefined ? "loaded" : "marked";
      return marked ?? Promise.reject(new Error("The batch is loaded already")); // Rolls back.
    });
    onCommitted();
    return takeBack;
  } catch (error) {
    if (state as string === "loaded") return undefined;
    // From the mark on only the commit is left, and whether it came through the mark alone can tell.
    // And rows may have met themselves: a commit whose answer was lost came through meanwhile.
    const isOpen = state as string === "marked" || isDuplicate(error);
    if (isOpen && await hasAfter(checkpoints, mark, error)) return undefined;
    throw error;
  }
}

async function hasAfter(
  checkpoints: PostgresCheckpoints,
  mark: Mark,
  error: unknown,
): Promise<boolean> {
  try {
    return await checkpoints.has(mark);
  } catch {
    throw leaveOpen(error);
  }
}

/** Commits rows alone, if the run owns the key; what it has committed before is not sent again. */
async function commitUnmarked(
  database: Database,
  checkpoints: PostgresCheckpoints,
  send: Send,
  mark: Mark,
): Promise<void> {
  await checkpoints.prepare();
  if (checkpoints.hasUnmarked(mark)) return;
  let isLoaded = false;
  try {
    const onCommitted = await database.transaction(async (session) => {
      await send(session);
      const owned = await checkpoints.own(session, mark);
      isLoaded = owned === undefined;
      return owned ?? Promise.reject(new Error("The batch is loaded already")); // Rolls back.
    });
    onCommitted();
  } catch (error) {
    if (!isLoaded) throw error;
  }
}

/** Whether a unique or an exclusion constraint was violated. */
function isDuplicate(error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  return code === "23505" || code === "23P01";
}
