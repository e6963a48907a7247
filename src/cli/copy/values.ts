/**
 * Conversions of values between two formats. Each function is also printed by `--print`, as its own
 * text: so none uses anything but its arguments and the language, and no type is written in it.
 * @module
 */

/** Makes another value of one; throws what tells why it cannot. `kind` is told of some columns. */
export type ValueStep = (value: unknown, name: string, kind?: string) => unknown;

/** Numbers of JSON, of which a parser has rounded those that are too large. */
export const fromJson: ValueStep = (value, name, kind) => {
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    const rule = "an integer below 2^53, as larger ones lose digits in JSON (write it as a text)";
    throw new RangeError(`Cannot copy '${name}' as it must be ${rule}: current value is ${value}`);
  }
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) fromJson(inner, name, kind);
  }
  return value;
};

/** Values of PostgreSQL for what is none: integers of 64 bits and JSON arrive as text. */
export const fromPostgres: ValueStep = (value, name, kind) => {
  if (value === null || kind === undefined) return value;
  if (kind === "bigint") return BigInt(String(value));
  return kind === "json" ? fromJson(JSON.parse(String(value)), name) : String(value);
};

/** Decimals of Parquet, which were multiplied into numbers. */
export const fromParquet: ValueStep = (value, _name, kind) =>
  kind !== undefined && typeof value === "number" ? Number(value.toFixed(Number(kind))) : value;

/** Values that JSON holds: what it would change or drop is refused. */
export const toJson: ValueStep = (value, name, kind) => {
  const refusal = (rule = "", shown = "") =>
    new TypeError(`Cannot copy '${name}' to JSON as it must be ${rule}: current value is ${shown}`);
  if (typeof value === "bigint") {
    if (Number.isSafeInteger(Number(value))) return Number(value);
    throw refusal("an integer below 2^53, or a text", String(value));
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw refusal("finite", String(value));
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) throw refusal("other than bytes", "bytes");
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw refusal("a date", String(value));
    return value;
  }
  if (Array.isArray(value)) return value.map((inner) => toJson(inner, name, kind));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, toJson(inner, name, kind)]),
  );
};

/** Values that a field of CSV holds. */
export const toCsv: ValueStep = (value, name, kind) => {
  if (ArrayBuffer.isView(value)) {
    const rule = "other than bytes (make a text of them in a query)";
    throw new TypeError(
      `Cannot copy '${name}' to CSV as it must be ${rule}: current value is bytes`,
    );
  }
  return typeof value === "object" && value !== null ? toJson(value, name, kind) : value;
};

/**
 * Values that SQLite holds: it has no booleans, dates and JSON, and its functions take these. Integers
 * go as such: of a number SQLite makes a fraction, which is `7.0` in a column of texts.
 */
export const toSqlite: ValueStep = (value, name) => {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return value instanceof Date ? value.toISOString() : JSON.stringify(toJson(value, name));
};

/**
 * Values that PostgreSQL holds. A text in a column of JSON is JSON where the source has no JSON of its
 * own, and 1 and 0 of SQLite are booleans in a column of these.
 */
export const toPostgres: ValueStep = (value, name, kind) => {
  if (kind === "json" && typeof value === "string") return fromJson(JSON.parse(value), name);
  if (kind === "boolean" && (value === 1 || value === 0)) return value === 1;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return value instanceof Date ? value : toJson(value, name);
};

/** Times of Parquet that are finer than a `Date`: those with such digits become texts. */
export const exactTimes: Readonly<Record<string, (time: bigint) => Date | string>> = {
  timestampFromMicroseconds: (time) => {
    const date = new Date(Number(time / 1000n - (time % 1000n < 0n ? 1n : 0n)));
    const digits = String((time % 1000n + 1000n) % 1000n).padStart(3, "0");
    return digits === "000" ? date : date.toISOString().replace("Z", `${digits}Z`);
  },
  timestampFromNanoseconds: (time) => {
    const date = new Date(Number(time / 1000000n - (time % 1000000n < 0n ? 1n : 0n)));
    const digits = String((time % 1000000n + 1000000n) % 1000000n).padStart(6, "0");
    return digits === "000000" ? date : date.toISOString().replace("Z", `${digits}Z`);
  },
};

/** Which steps call which others. */
export const callsOf = (name: string): Readonly<Record<string, ValueStep>> => {
  if (name === "fromPostgres") return { fromJson };
  if (name === "toPostgres") return { fromJson, toJson };
  return ["toCsv", "toSqlite"].includes(name) ? { toJson } : {};
};
