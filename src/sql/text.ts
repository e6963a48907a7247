/**
 * Characters that no text of a database can hold: some end it at a NUL, and UTF-8 has no place for
 * half of a surrogate pair.
 */
const unstorable = /[\0\ud800-\udfff]/gu;

/** Returns true if a text can be stored as it is. */
export function isStorableText(text: string): boolean {
  return !text.includes("\0") && (text as string & { isWellFormed(): boolean }).isWellFormed(); // ES2024.
}

/** A key as it is stored, so that no two become one: what begins with a quote is always in quotes. */
export function storedKey(key: string): string {
  return isStorableText(key) && key[0] !== '"' ? key : JSON.stringify(key);
}

/** The text with something else in place of each character that cannot be stored. */
export function withoutUnstorable(text: string, substitute: string): string {
  return text.replaceAll(unstorable, substitute);
}
