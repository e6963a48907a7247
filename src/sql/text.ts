/**
 * Characters that no text of a database can hold: some databases end it at a NUL, and UTF-8 cannot encode
 * a lone surrogate.
 */
const unstorable = /[\0\ud800-\udfff]/gu;

/** Returns true if a text can be stored unchanged. */
export function isStorableText(text: string): boolean {
  return !text.includes("\0") && (text as string & { isWellFormed(): boolean }).isWellFormed(); // ES2024.
}

/**
 * Returns the stored form of a key, unique for each key: a key that begins with a quote is always quoted.
 */
export function storedKey(key: string): string {
  return isStorableText(key) && key[0] !== '"' ? key : JSON.stringify(key);
}

/** Returns the text with a substitute for each character that cannot be stored. */
export function withoutUnstorable(text: string, substitute: string): string {
  return text.replaceAll(unstorable, substitute);
}
