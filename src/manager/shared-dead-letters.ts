import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import { letterSinkOf, repeatableLetters } from "../dead-letters/repeatable-letters.ts";
import { openWriter } from "../dead-letters/writer.ts";
import type { RunSettings } from "../pipeline/run-options.ts";

/** A pipeline with its settings. */
interface SharingRun {
  readonly name: string;
  readonly settings: RunSettings<unknown>;
}

/**
 * Lets pipelines that run together write to one dead-letter stream, which can have only one writer.
 * Returns the runs with their own streams, and a function that unlocks the shared streams at the end.
 *
 * @throws {ConfigurationError} If a stream is locked by another writer.
 */
export function shareDeadLetters<N extends SharingRun>(
  entries: readonly N[],
): { readonly entries: N[]; release(): void } {
  const writers = new Map<WritableStream, WritableStreamDefaultWriter<DeadLetter>>();
  const release = () => {
    for (const writer of writers.values()) writer.releaseLock();
  };
  const shared = entries.map((entry): N => {
    const { name, settings } = entry;
    const stream = settings.deadLetters;
    if (stream === undefined || typeof stream === "function") return entry;
    let writer = writers.get(stream);
    if (writer === undefined) {
      try {
        writer = openWriter(`run pipeline "${name}"`, "deadLetters", stream);
      } catch (error) {
        release();
        throw error;
      }
      writers.set(stream, writer);
    }
    return { ...entry, settings: { ...settings, deadLetters: () => branchOf(stream, writer) } };
  });
  return { entries: shared, release };
}

/** Returns a separate stream for a run, which passes its letters on to the shared one. */
function branchOf(
  stream: WritableStream<DeadLetter>,
  writer: WritableStreamDefaultWriter<DeadLetter>,
): WritableStream<DeadLetter> {
  const sink = letterSinkOf(stream);
  if (sink !== undefined) return repeatableLetters(sink);
  return new WritableStream<DeadLetter>({
    write: async (letter) => {
      await writer.ready;
      await writer.write(letter);
    },
  });
}
