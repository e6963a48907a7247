import type { Rule } from "../plain-options.ts";

/** The name of an encoding that this platform decodes. */
export const encodingName: Rule = {
  expected: "the name of an encoding, such as utf-8, utf-16le or windows-1252",
  test: (value) => typeof value === "string" && labelOf(value) !== undefined,
};

/** Encoding of the text of an input, as detected from its first bytes. */
export interface TextCode {
  /** The name of the encoding in `TextDecoder`. */
  readonly encoding: string;
  /** The number of bytes of its smallest character: 2 in UTF-16, otherwise 1. */
  readonly unit: 1 | 2;
  /** The length of its byte-order mark in this input, 0 if it has none. */
  readonly mark: number;
  /** Decodes whole characters. @throws {TypeError} If they are not of this encoding. */
  decode(bytes: Uint8Array): string;
}

/** Maximum number of bytes needed to detect a byte-order mark. */
export const longestMark = 3;

const marks: readonly (readonly [encoding: string, ...bytes: number[]])[] = [
  ["utf-8", 0xEF, 0xBB, 0xBF],
  ["utf-16le", 0xFF, 0xFE],
  ["utf-16be", 0xFE, 0xFF],
];

/**
 * Detects the encoding of an input from its first bytes. Without `encoding`, a byte-order mark decides;
 * otherwise it is UTF-8.
 */
export function textCodeOf(start: Uint8Array, encoding?: string): TextCode {
  const wanted = encoding === undefined ? undefined : labelOf(encoding);
  const mark = marks.find(([name, ...bytes]) =>
    (wanted ?? name) === name && bytes.every((byte, index) => start[index] === byte)
  );
  const label = wanted ?? mark?.[0] ?? "utf-8";
  // The mark is removed once: a decoder would remove it from any block that happens to begin with one.
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  return {
    encoding: label,
    unit: label.startsWith("utf-16") ? 2 : 1,
    mark: mark === undefined ? 0 : mark.length - 1,
    decode: (bytes) => decoder.decode(bytes),
  };
}

/** Returns the place after the last line break in bytes of an encoding; 0 if there is none. */
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

/** Returns the place after the first line break at or after `from`; 0 if there is none. */
export function afterBreak(bytes: Uint8Array, from: number, encoding: string): number {
  for (let at = from;;) {
    const index = bytes.indexOf(10, at);
    if (index < 0) return 0;
    const after = breakAt(bytes, index, encoding);
    if (after > 0) return after;
    at = index + 1;
  }
}

/**
 * Returns the place after the break that the byte at `index` belongs to; 0 if it belongs to another
 * character.
 */
function breakAt(bytes: Uint8Array, index: number, encoding: string): number {
  // Except in these two, a byte of 10 is a line break: the other encodings keep the first half of ASCII.
  if (encoding === "utf-16le") {
    return index % 2 === 0 && bytes[index + 1] === 0 ? index + 2 : 0;
  }
  if (encoding === "utf-16be") return index % 2 === 1 && bytes[index - 1] === 0 ? index + 1 : 0;
  return index + 1;
}

/**
 * Copies a text into its own memory. A part of a text keeps the whole text in memory. For a part that
 * outlives its chunk, such as a malformed record, that is many times its size.
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
