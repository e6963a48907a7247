/** The smallest or the largest value of a column in a row group, as JSON can carry it. */
export type KeptBound =
  | string
  | number
  | boolean
  | { readonly bigint: string }
  | { readonly number: string }
  | { readonly bytes: readonly number[] };

/** Longer texts and bytes are cut: the end of a file tells no more than the first 16 bytes of them. */
const maxLength = 64;

/** Makes JSON of a bound; `undefined` if there is none, or none that could be told in short. */
export function keptBound(value: unknown): KeptBound | undefined {
  switch (typeof value) {
    case "string":
      // What is told of the largest is rounded up at one of its first characters.
      return value.length > maxLength && value.codePointAt(0)! >= 0xD7FF
        ? undefined
        : value.slice(0, maxLength);
    case "bigint":
      return { bigint: `${value}` };
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : {
        number: Object.is(value, -0) ? "-0" : `${value}`,
      };
    default:
      if (!(value instanceof Uint8Array)) return undefined;
      return value.length > maxLength && value[0] === 0xFF
        ? undefined
        : { bytes: [...value.subarray(0, maxLength)] };
  }
}

/** The bound that `keptBound` made JSON of. */
export function boundFrom(kept: KeptBound): unknown {
  if (typeof kept !== "object") return kept;
  if ("bigint" in kept) return BigInt(kept.bigint);
  return "number" in kept ? Number(kept.number) : Uint8Array.from(kept.bytes);
}
