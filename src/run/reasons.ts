import { messageOf } from "../errors.ts";
import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import type { DeadLetterReason } from "../report-types.ts";
import { shortened } from "./failures.ts";

/** Most reasons that are told apart. */
const maxReasons = 20;
/** Longest message of one. */
const longest = 300;
/** Stands for all further ones. */
const others = "…others";

/** Groups the dead letters of a run by what they failed with. */
export class Reasons {
  readonly #groups = new Map<
    string,
    { -readonly [K in keyof DeadLetterReason]: DeadLetterReason[K] }
  >();

  /** Takes a letter that is written. */
  add({ error, stage, offset }: Pick<DeadLetter, "error" | "stage" | "offset">): void {
    const message = shortened(messageOf(error), longest);
    const key = `${stage} ${kindOf(message)}`;
    const isKnown = this.#groups.has(key) || this.#groups.size < maxReasons;
    const group = this.#groups.get(isKnown ? key : others);
    if (group !== undefined) group.count++;
    else if (isKnown) this.#groups.set(key, { message, stage, count: 1, offset });
    else this.#groups.set(others, { message: others, stage, count: 1, offset });
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
 * A message without what varies from item to item: the value at its end, and the number of a row.
 * Other numbers stay, as they may be what tells two reasons apart.
 */
function kindOf(message: string): string {
  const value = message.indexOf(" value is ");
  const rule = value < 0 ? message : message.slice(0, value);
  return rule.replace(/(: |\bvalue )".*"/s, "$1…").replaceAll(/\b(row|item|line) \d+/gi, "$1 …");
}
