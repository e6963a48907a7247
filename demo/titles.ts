import { Rejection } from "./rejection.ts";
import type { Tally } from "./tally.ts";

// Which byte each character from 128 on has in the character set of old Macintoshes.
const highBytes = Uint8Array.from({ length: 128 }, (_, index) => index + 128);
const macintosh = [...new TextDecoder("macintosh").decode(highBytes)];
const byteOf = new Map(macintosh.map((character, index) => [character, index + 128]));

/** The forms in which the same film was released, or that tell it from others of its name. */
const edition = / \((?:\d{4}|IMAX|[A-Z][a-z]+ Release)\)$/;

/** Catalogues sort by the first word that counts: "Secret, The". */
const article = /^(.+), (The|A|An|Les)$/;

/**
 * Makes a title what the film is called, and counts in `repaired` what was wrong with it.
 * @throws {Rejection} If there is none.
 */
export function titleOf(given: unknown, repaired: Tally): string {
  const isTitle = typeof given === "number" || (typeof given === "string" && given.trim() !== "");
  if (!isTitle) throw new Rejection("no title");
  if (typeof given === "number") repaired.add("titles that were numbers");
  const steps: [words: string, step: (title: string) => string][] = [
    ["titles in a wrong character set", decodeAgain],
    ["titles with spare spaces", (title) => title.trim().replaceAll(/\s+/g, " ")],
    ["titles with an edition", (title) => title.replace(edition, "")],
    ["titles with their article at the end", (title) => title.replace(article, "$2 $1")],
  ];
  return steps.reduce((title, [words, step]) => {
    const better = step(title);
    if (better !== title) repaired.add(words);
    return better;
  }, String(given));
}

/**
 * "LÈon" is "Léon", whose bytes of Windows were once read as those of a Macintosh. A title with a
 * character that a Macintosh does not have, like "Alien³", cannot have been.
 */
function decodeAgain(title: string): string {
  const bytes = [...title].map((character) => byteOf.get(character) ?? character.codePointAt(0)!);
  const isPossible = [...title].every((character) => character < "\x80" || byteOf.has(character));
  return isPossible ? new TextDecoder("windows-1252").decode(Uint8Array.from(bytes)) : title;
}
