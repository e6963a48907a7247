/** Method of newer runtimes that the type library does not know yet. */
interface Hexadecimal {
  toHex?(): string;
}

/** Global that Node has long had. */
interface Host {
  readonly Buffer?: {
    from(bytes: ArrayBufferLike, offset: number, length: number): { toString(as: "hex"): string };
  };
}

/** Bytes as PostgreSQL reads them from a text: `\x00ff`. */
export function hexText(bytes: Uint8Array): string {
  const { buffer, byteOffset, length } = bytes;
  const native = (bytes as Hexadecimal).toHex?.() ??
    (globalThis as Host).Buffer?.from(buffer, byteOffset, length).toString("hex");
  return `\\x${native ?? hexOf(bytes)}`;
}

const digits = new TextEncoder().encode("0123456789abcdef");

/** A string that grows byte by byte keeps the thread for a second per megabyte. */
function hexOf(bytes: Uint8Array): string {
  const text = new Uint8Array(bytes.length * 2);
  for (let n = 0, place = 0; n < bytes.length; n++) {
    const byte = bytes[n]!;
    text[place++] = digits[byte >> 4]!;
    text[place++] = digits[byte & 15]!;
  }
  return new TextDecoder("latin1").decode(text); // Of one byte for each character.
}

/** Several pieces of bytes as one. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const piece of pieces) {
    all.set(piece, place);
    place += piece.length;
  }
  return all;
}
