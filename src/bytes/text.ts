import type { Rule } from "../plain-options.ts";

/** The name of an encoding that this platform decodes. */
export const encodingName: Rule = {
  expected: "the name of an encoding, such as utf-8, utf-16le or windows-1252",
  test: (value) => typeof value === "string" && labelOf(value) !== undefined,
};

/** Encoding of the text of an input, as detected from its first bytes. */
export interface TextCode {
  /** The name that `TextDecoder` gives it. */
  readonly encoding: string;
  /** The bytes of its smallest character: 2 in UTF-16, otherwise 1. */
  readonly unit: 1 | 2;
  /** The length of its byte-order mark in this input, 0 if it has none. */
  readonly mark: number;
  /** Decodes whole characters. @throws {TypeError} If they are not of this encoding. */
  decode(bytes: Uint8Array): string;
}

/** The most bytes of an input that tell its byte-order mark. */
export const longestMark = 3;

const marks: readonly (readonly [encoding: string, ...bytes: number[]])[] = [
  ["utf-8", 0xEF, 0xBB, 0xBF],
  ["utf-16le", 0xFF, 0xFE],
  ["utf-16be", 0xFE, 0xFF],
];

/**
 * Tells how an input is encoded from its first bytes. A byte-order mark tells it where no `encoding`
 * is given; otherwise it is UTF-8.
 */
export function textCodeOf(start: Uint8Array, encoding?: string): TextCode {
  const wanted = encoding === undefined ? undefined : labelOf(encoding);
  const mark = marks.find(([name, ...bytes]) =>
    (wanted ?? name) === name && bytes.every((byte, index) => start[index] === byte)
  );
  const label = wanted ?? mark?.[0] ?? "utf-8";
  // The mark is cut off once: a decoder would do so wherever a block happens to begin with one.
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  return {
    encoding: label,
    unit: label.startsWith("utf-16") ? 2 : 1,
    mark: mark === undefined ? 0 : mark.length - 1,
    decode: (bytes) => decoder.decode(bytes),
  };
}

/** The place after the last line break in bytes of an encoding; 0 if there is none. */
export function afterLastBreak(bytes: Uint8Array, encoding: string): number {
  let end = bytes.length;
  for (;;) {
    const index = end === 0 ? -1 : bytes.lastIndexOf(10, end - 1);
    if (index < 0) return 0;
    const after = breakAt(bytes, index, encoding);
    if (after > 0) return after;
    end = index;
  }
}

/** The place after the first line break at or after `from`; 0 if there is none. */
export function afterBreak(bytes: Uint8Array, from: number, encoding: string): number {
  for (let at = from;;) {
    const index = bytes.indexOf(10, at);
    if (index < 0) return 0;
    const after = breakAt(bytes, index, encoding);
    if (after > 0) return after;
    at = index + 1;
  }
}

/** The place after the break of which the byte at `index` is a part; 0 if it is part of another character. */
function breakAt(bytes: Uint8Array, index: number, encoding: string): number {
  // In all but these two a byte of 10 is a line break: the others keep the first half of ASCII.
  if (encoding === "utf-16le") {
    return index % 2 === 0 && bytes[index + 1] === 0 ? index + 2 : 0;
  }
  if (encoding === "utf-16be") return index % 2 === 1 && bytes[index - 1] === 0 ? index + 1 : 0;
  return index + 1;
}

/**
 * The same text in memory of its own. A part of a text keeps the whole of it, which for what outlives
 * its chunk, as what cannot be read may, is many times its size.
 */
export function ownText(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string; // Half characters stay what they are.
}

function labelOf(name: string): string | undefined {
  try {
    return new TextDecoder(name, { fatal: true }).encoding;
  } catch {
    return undefined; // Unknown here.
  }
}
