import { messageOf } from "../errors.ts";
import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import type { DeadLetterReason } from "../report-types.ts";
import { shortened } from "../explain/plain-text.ts";
import { nameWithin, others } from "./names-within.ts";

/** Most reasons that are told apart. */
const maxReasons = 20;
/** Longest message of one. */
const maxLength = 300;

/** Groups the dead letters of a run by what they failed with. */
export class Reasons {
  readonly #groups = new Map<
    string,
    { -readonly [K in keyof DeadLetterReason]: DeadLetterReason[K] }
  >();

  /** Takes a letter that is written. */
  add({ error, stage, offset }: Pick<DeadLetter, "error" | "stage" | "offset">): void {
    const message = shortened(messageOf(error), maxLength);
    const key = nameWithin(this.#groups, `${stage} ${kindOf(message)}`, maxReasons);
    const group = this.#groups.get(key);
    if (group !== undefined) group.count++;
    else {
      const shown = key === others ? others : message;
      this.#groups.set(key, { message: shown, stage, count: 1, offset });
    }
  }

  /** The reasons so far, the most frequent first; those that were not told apart are last. */
  read(): readonly DeadLetterReason[] {
    const rest = this.#groups.get(others);
    const named = [...this.#groups.values()].filter((group) => group !== rest);
    named.sort((a, b) => b.count - a.count);
    return (rest === undefined ? named : [...named, rest]).map((group) => ({ ...group }));
  }
}

/**
 * A message without what varies from item to item: the value at its end, and where it stands.
 * Other numbers stay, as they may be what tells two reasons apart.
 */
function kindOf(message: string): string {
  const value = message.indexOf(" value is ");
  const rule = value < 0 ? message : message.slice(0, value);
  return rule.replace(/(: |\bvalue )".*"/s, "$1…").replaceAll(
    /\b(row|item|line|byte) \d+/gi,
    "$1 …",
  );
}
