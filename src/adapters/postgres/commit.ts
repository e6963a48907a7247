import { type CommitMark, markOf } from "../../checkpoints/commit-mark.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { leaveOpen } from "../../retry/open-outcome.ts";
import { Written } from "../../sql/written.ts";
import type { CheckRows, Commit } from "../../checkpoints/sink-loads.ts";
import type { PostgresCheckpoints } from "./checkpoints.ts";
import type { PostgresDeliveries } from "./deliveries.ts";
import type { Database } from "./database.ts";
import { isDuplicate } from "./sql-state.ts";
import type { BatchWriter, Send } from "./writer.ts";

/** Rows and mark that a load commits, with its context. */
interface Load {
  readonly send: Send;
  readonly mark: CommitMark;
  readonly context: SinkLoadContext;
}

/** Checks rows first, as then nothing is sent if one is wrong. */
export function committer(
  checkpoints: PostgresCheckpoints,
  writer: BatchWriter,
  deliveries: PostgresDeliveries,
): (...load: Parameters<CheckRows>) => Promise<Commit> {
  return async (rows, context, isMarked) => {
    const { signal, batch: { key, ranges, deliveries: given } } = context;
    const send = rows.length === 0 ? sendNothing : await writer.check(rows, context);
    if (key === undefined || ranges === undefined) {
      const own = given !== undefined && given.ids.length > 0 ? given : undefined;
      if (own === undefined && rows.length === 0) return () => undefined;
      return async () => {
        await (own ? deliveries.send(writer, send, own, signal) : writer.send(send, signal));
        tell(send, context);
      };
    }
    const load = { send, mark: markOf(key, context, isMarked), context };
    return isMarked
      ? () => commitMarked(writer.database, checkpoints, load)
      : () => commitUnmarked(writer.database, checkpoints, load);
  };
}

const sendNothing: Send = Object.assign(() => Promise.resolve(), {
  drift: {},
  written: new Written(),
});

/** Reports the drift and the outcome of rows, once they are committed. */
function tell({ drift, written }: Send, context: SinkLoadContext): void {
  if (Object.keys(drift).length > 0) context.drift?.(drift);
  written.tell(context);
}

/**
 * Commits rows and mark together, and returns a function that takes the mark back. Succeeds if an earlier
 * attempt did whose response was lost.
 */
async function commitMarked(
  database: Database,
  checkpoints: PostgresCheckpoints,
  { send, mark, context }: Load,
): Promise<(() => Promise<void>) | undefined> {
  const { signal, batch: { attempt } } = context;
  await checkpoints.prepare(signal);
  if (attempt > 1 && await checkpoints.has(mark, signal)) return undefined;
  let state: "open" | "loaded" | "marked" = "open";
  try {
    const { onCommitted, takeBack } = await database.transaction(async (session) => {
      await send(session);
      const marked = await checkpoints.mark(session, mark);
      state = marked === undefined ? "loaded" : "marked";
      return marked ?? Promise.reject(new Error("The batch is already loaded")); // Rolls back.
    }, signal);
    onCommitted();
    tell(send, context);
    return takeBack;
  } catch (error) {
    if (state as string === "loaded") return undefined;
    // After the mark only the commit is left: only the mark can tell whether it came through. And rows
    // may have collided with themselves, where an earlier commit came through and its answer was lost.
    const isOpen = state as string === "marked" || isDuplicate(error);
    if (isOpen && await hasAfter(checkpoints, mark, error)) {
      if (state as string === "marked") tell(send, context); // It is this one that came through.
      return undefined;
    }
    throw error;
  }
}

/** Looks for the mark, even if the signal of the load has aborted. */
async function hasAfter(
  checkpoints: PostgresCheckpoints,
  mark: CommitMark,
  error: unknown,
): Promise<boolean> {
  try {
    return await checkpoints.has(mark);
  } catch {
    throw leaveOpen(error);
  }
}

/** Commits rows alone, if the run owns the key. Rows it has committed before are not sent again. */
async function commitUnmarked(
  database: Database,
  checkpoints: PostgresCheckpoints,
  { send, mark, context }: Load,
): Promise<void> {
  const { signal } = context;
  await checkpoints.prepare(signal);
  if (checkpoints.hasUnmarked(mark)) return;
  let isLoaded = false;
  try {
    const { onCommitted } = await database.transaction(async (session) => {
      await send(session);
      const marked = await checkpoints.mark(session, mark);
      isLoaded = marked === undefined;
      return marked ?? Promise.reject(new Error("The batch is already loaded")); // Rolls back.
    }, signal);
    onCommitted();
    tell(send, context);
  } catch (error) {
    if (!isLoaded) throw error;
  }
}
