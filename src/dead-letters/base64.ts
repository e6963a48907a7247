/** Newer methods of `Uint8Array`, if the runtime has them. */
interface Base64 {
  readonly prototype: { readonly toBase64?: (this: Uint8Array) => string };
  readonly fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

const native = Uint8Array as unknown as Base64;
const alphabet = new TextEncoder().encode(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
);
const padding = 61; // "="

/** Returns bytes as Base64. It avoids `btoa`, which needs a string first: 20 times as slow on Node. */
export function base64Of(bytes: Uint8Array): string {
  if (native.prototype.toBase64 !== undefined) return native.prototype.toBase64.call(bytes);
  const { length } = bytes;
  const text = new Uint8Array(Math.ceil(length / 3) * 4);
  let index = 0;
  for (let at = 0; at < length; at += 3) {
    const three = bytes[at]! << 16 | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0);
    text[index++] = alphabet[three >> 18]!;
    text[index++] = alphabet[three >> 12 & 63]!;
    text[index++] = alphabet[three >> 6 & 63]!;
    text[index++] = alphabet[three & 63]!;
  }
  if (length % 3 > 0) text.fill(padding, length % 3 - 3);
  return new TextDecoder().decode(text);
}

/**
 * Returns the bytes of a Base64 text.
 * @throws {Error} If it is not Base64: a `SyntaxError` or a `DOMException`.
 */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  if (native.fromBase64 !== undefined) return native.fromBase64(text);
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
}
