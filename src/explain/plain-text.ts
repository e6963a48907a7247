/**
 * Makes untrusted text, such as names and messages of errors, safe to show in a line, page or sentence.
 * @module
 */

// Control characters, marks that change the text direction, line ends, lone surrogates and characters
// that XML does not allow. The joiners stay, as they connect the parts of an emoji.
const steering = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufffe\uffff]/gu;

/** Replaces each character that could control a terminal, or that markup does not allow, by `mark`. */
export function harmless(text: string, mark: string): string {
  return text.replaceAll(steering, mark);
}

/** Returns a text of at most `max` characters. The last one is "…" if it was longer. */
export function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

/** Returns the start of a text that fits into `columns`. Characters from `wide` on take two columns. */
export function fitting(text: string, columns: number, wide: string): string {
  let room = columns;
  let length = 0;
  for (const character of text) {
    room -= character < wide ? 1 : 2;
    if (room < 0) return text.slice(0, length);
    length += character.length;
  }
  return text;
}
