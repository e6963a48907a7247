import { isOf } from "../errors.ts";
import { fail } from "../options.ts";
import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import { Replayed } from "../dead-letters/replayed.ts";
import { mapSource } from "../streams/map-source.ts";
import type { Source } from "../streams/source.ts";
import { Etl } from "./etl.ts";
import { checkPipeline, type Pipeline } from "../pipeline/pipeline.ts";
import { settingsFor } from "../pipeline/own-settings.ts";
import { ReplayPipeline } from "../pipeline/replay-pipeline.ts";

/**
 * Creates a pipeline that feeds dead letters back, each to the stage that failed. A row that failed to
 * load is loaded as it was transformed then; any other item is transformed and loaded. The pipeline's
 * own `extract`, `acknowledge` and `reject` are not called.
 *
 * It has the name and the defaults of the pipeline, except for checkpoint options. Its runs accept no
 * checkpoint options either, as letters are not a source that is read from its start. A letter that
 * fails again keeps its item and its place in the original source, and its attempts are added up. A
 * value that is not a dead letter fails the run, with its place among the letters.
 *
 * @example What failed to load is loaded as it was transformed
 * ```ts
 * import { type DeadLetter, etl, replay } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const loaded: string[] = [];
 * const words = etl({
 *   name: "words",
 *   extract: () => ["one", "two"],
 *   transform: (word) => word.toUpperCase(),
 *   load: (batch) => void loaded.push(...batch),
 * });
 * const facts = { error: "no", attempts: 1, pipeline: "words", runId: "run-1", at: 0 };
 * const letters: DeadLetter<string>[] = [
 *   { ...facts, item: "two", row: "Two!", stage: "load", offset: 1 },
 *   { ...facts, item: "six", stage: "transform", offset: 5 },
 * ];
 * await replay(letters, words).run();
 * deepEqual(loaded, ["Two!", "SIX"]);
 * ```
 *
 * @throws {ConfigurationError} If the pipeline breaks its rule.
 */
export function replay<E, T = E>(
  letters: Source<DeadLetter<NoInfer<E>>>,
  etl: Etl<E, T> | Pipeline<E, T>,
): Etl<E, T> {
  const isEtl = isOf(etl, Etl<E, T>);
  const [given, defaults] = isEtl ? [etl.pipeline, etl.defaults] : [etl as Pipeline<E, T>, {}];
  checkPipeline(given);
  const pipeline = isOf(given, ReplayPipeline) ? given.pipeline as Pipeline<E, T> : given;
  const replaying = new ReplayPipeline(pipeline, () => lettersOf(letters, pipeline.name));
  // To others it is a pipeline of items; only a run needs to know that it extracts letters.
  return new Etl(replaying as unknown as Pipeline<E, T>, settingsFor(replaying, defaults));
}

function lettersOf<E>(letters: Source<DeadLetter<E>>, name: string): Source<Replayed<E>> {
  const action = `replay pipeline "${name}"`;
  let place = 0;
  const check = (letter: DeadLetter<E>) => {
    if (!isLetter(letter)) {
      fail(
        action,
        `letters[${place}]`,
        "a DeadLetter (read them with readDeadLetters())",
        letter,
      );
    }
    place++;
    return new Replayed(letter);
  };
  return mapSource(letters, check, [action, "letters"]);
}

/** Returns true for a dead letter. A row of a sink's table of letters is not one: it contains text. */
function isLetter(letter: unknown): boolean {
  const given = Object(letter) as Partial<DeadLetter>;
  const isStage = ["extract", "transform", "load"].includes(given.stage!);
  return isStage && "item" in given && !("item_offset" in given);
}
