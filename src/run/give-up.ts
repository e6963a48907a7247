import { isOf } from "../errors.ts";
import { offsetOf } from "../checkpoints/offset-tracker.ts";
import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import { Replayed } from "../dead-letters/replayed.ts";
import { blameOf } from "../retry/blame.ts";
import { Exhausted } from "../retry/recovery.ts";
import { type Batch, progressOf } from "./batch.ts";
import type { RunContext } from "./run-context.ts";

/** Why an item is given up on. */
export type GivenUp = Pick<DeadLetter, "error" | "stage" | "attempts" | "row">;

/** Writes the dead letter of an item of a batch, and counts it. Rejects with `Exhausted`. */
export async function giveUp<E, T>(
  run: RunContext<E, T>,
  batch: Batch<E, T>,
  index: number,
  failure: GivenUp,
): Promise<void> {
  const { items, ranges, info } = batch;
  const { context, counts, deadLetterWriter, emit } = run;
  const item = items[index]!;
  const { pipeline, runId } = context;
  const offset = offsetOf(ranges, index);
  const lacking = blameOf(failure.error)?.lacking;
  const branches = lacking && { branches: Object.keys(lacking) };
  const fresh = { item, ...failure, ...branches, pipeline, runId, offset, at: Date.now() };
  const letter = isOf(item, Replayed) ? again(item, fresh) : fresh;
  try {
    await deadLetterWriter!.write(letter);
  } catch (error) {
    // The item is nowhere: what it failed with is told as well.
    throw new Exhausted([error, failure.error], failure.attempts, [item], "deadLetters");
  }
  counts.deadLettered++;
  counts.reasons.add(letter);
  if (lacking) counts.branches.add(lacking);
  progressOf(batch).deadLettered++;
  emit?.({ type: "item:dead-letter", sequence: info.sequence, letter });
}

/** The letter of an item that came from a letter: of the same item, with all its attempts. */
function again({ letter }: Replayed<unknown>, failure: DeadLetter): DeadLetter {
  const { item, offset, attempts } = letter;
  // What it was mapped to then is still what is to be loaded.
  const row = failure.stage === "load" && "row" in letter ? { row: letter.row } : {};
  return { ...row, ...failure, item, offset, attempts: attempts + failure.attempts };
}
