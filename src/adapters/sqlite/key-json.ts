import type { SqliteValue } from "./client.ts";

/** A key that JSON can hold: `bigint` has its digits, `bytes` two hexadecimal digits for each byte. */
export type SqliteKey = number | string | { readonly bigint: string } | { readonly bytes: string };

/** A key for JSON; nothing for one that JSON has no number for. */
export function keyAsJson(key: SqliteValue): SqliteKey | undefined {
  if (typeof key === "bigint") {
    const number = Number(key);
    return Number.isSafeInteger(number) ? number : { bigint: String(key) };
  }
  if (key instanceof Uint8Array) {
    return { bytes: Array.from(key, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  if (typeof key === "number" && !Number.isFinite(key)) return undefined;
  return key ?? undefined;
}

/** The key of which `keyAsJson` has made something else; nothing if it is none. */
export function keyOfJson(given: unknown): SqliteValue | undefined {
  const { bigint, bytes } = Object(given) as { bigint?: unknown; bytes?: unknown };
  if (typeof bigint === "string" && /^-?\d{1,19}$/.test(bigint)) return BigInt(bigint);
  if (typeof bytes !== "string" || !/^(?:[\da-f]{2})*$/.test(bytes)) return undefined;
  return Uint8Array.from(bytes.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
