import { isOf } from "../errors.ts";
import { offsetOf } from "../checkpoints/offset-tracker.ts";
import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import { Replayed } from "../dead-letters/replayed.ts";
import { blameOf } from "../retry/blame.ts";
import { Exhausted } from "../retry/recovery.ts";
import { type Batch, progressOf } from "./batch.ts";
import { earlierAttempts, type RunContext } from "./run-context.ts";

/** Why an item is given up on. */
export type GivenUp = Pick<DeadLetter, "error" | "stage" | "attempts" | "row">;

/**
 * Gives an item of a batch back to its source if that takes it, else writes its dead letter; counts
 * it, and tells whether it is a letter. Rejects with `Exhausted`; `errors` are those of all attempts.
 */
export async function giveUp<E, T>(
  run: RunContext<E, T>,
  batch: Batch<E, T>,
  index: number,
  given: GivenUp,
  errors: readonly unknown[],
): Promise<boolean> {
  const { items, ranges, info } = batch;
  const { context: { pipeline, runId }, counts, deadLetterWriter, emit } = run;
  const item = items[index]!;
  const offset = offsetOf(ranges, index);
  if (await isReturned(run, item, offset, given)) {
    counts.returned++;
    (batch.returned ??= []).push(index);
    return false;
  }
  if (deadLetterWriter === undefined) {
    throw new Exhausted(errors, given.attempts, [item], given.stage);
  }
  const failure = { ...given, attempts: given.attempts + earlierAttempts(run, [item]) };
  const lacking = blameOf(failure.error)?.lacking;
  const branches = lacking && { branches: Object.keys(lacking) };
  const fresh = { item, ...failure, ...branches, pipeline, runId, offset, at: Date.now() };
  const letter = isOf(item, Replayed) ? again(item, fresh) : fresh;
  try {
    await deadLetterWriter.write(letter);
  } catch (error) {
    // The item is nowhere: what it failed with is told as well.
    throw new Exhausted([error, failure.error], failure.attempts, [item], "deadLetters");
  }
  counts.deadLettered++;
  counts.reasons.add(letter);
  if (lacking) counts.branches.add(lacking);
  progressOf(batch).deadLettered++;
  emit?.({ type: "item:dead-letter", sequence: info.sequence, letter });
  return true;
}

/** Resolves with true if the source takes an item back. */
async function isReturned<E, T>(
  { lease, context }: RunContext<E, T>,
  item: E,
  offset: number,
  { error, attempts }: GivenUp,
): Promise<boolean | undefined> {
  try {
    return await lease?.reject?.(item, error, { ...context, ranges: [[offset, offset + 1]] });
  } catch (thrown) {
    throw new Exhausted([thrown, error], attempts, [item], "checkpoints");
  }
}

/** The letter of an item that came from a letter: of the same item, with all its attempts. */
function again({ letter }: Replayed<unknown>, failure: DeadLetter): DeadLetter {
  const { item, offset, attempts } = letter;
  // What it was mapped to then is still what is to be loaded.
  const row = failure.stage === "load" && "row" in letter ? { row: letter.row } : {};
  return { ...row, ...failure, item, offset, attempts: attempts + failure.attempts };
}
