import { base64Of } from "../../dead-letters/base64.ts";
import { fail } from "../../options.ts";

/** Bytes of a name that is told as it is: a server takes about 4 kB for a whole subject. */
const longestName = 150;

/**
 * A name of any characters as one token of a subject, or of a key: its UTF-8 in Base64 for URLs, and
 * where that is long its SHA-256. No two names have the same.
 *
 * @throws {ConfigurationError} If it has half a character, which UTF-8 would make the same as another.
 */
export async function keyToken(action: string, name: string): Promise<string> {
  if (/\p{Surrogate}/u.test(name)) fail(action, "key", "text without lone surrogates", name);
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= longestName) return bytes.length === 0 ? "=" : urlBase64(bytes);
  return `=${urlBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)))}`;
}

function urlBase64(bytes: Uint8Array): string {
  return base64Of(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
