/** Types that the text of a column can be converted to, by name. */
export interface CsvTypes {
  /** The text as it is. */
  string: string;
  /** A finite number, such as `-1.5e3`. An integer that a number cannot represent exactly is rejected. */
  number: number;
  /** An integer of any size. */
  bigint: bigint;
  /** `true`, `t`, `yes`, `y` or `1`; `false`, `f`, `no`, `n` or `0`. Case is ignored. */
  boolean: boolean;
  /** An ISO 8601 date, with or without a time. It is in UTC if it names no zone. */
  date: Date;
  /** The result of `JSON.parse`. */
  json: unknown;
}

/**
 * Type of a column: the name of a type, the name followed by `?`, or a function that converts the text or
 * throws. An empty field is malformed with the name alone, and `null` with `?`. In `"string"` an empty
 * field is `""`; in `"string?"` it is `null` unless it is quoted.
 */
export type CsvColumn = keyof CsvTypes | `${keyof CsvTypes}?` | ((text: string) => unknown);

/** The columns to convert, by name. */
export type CsvColumns = Readonly<Record<string, CsvColumn>>;

/** Type of the values of a column. */
export type CsvValue<C> = C extends (text: string) => infer V ? V
  : C extends keyof CsvTypes ? CsvTypes[C]
  : C extends `${infer N extends keyof CsvTypes}?` ? CsvTypes[N] | null
  : never;

/** Converts the value of a field. The error it throws says why the value cannot be converted. */
export type Conversion = (text: string | null) => unknown;

/** Function that converts a non-empty text, or returns `undefined`; and the name of the type for errors. */
type Reading = readonly [read: (text: string) => unknown, expected: string];

const readings: { readonly [N in keyof CsvTypes]: Reading } = {
  string: [(text) => text, "a text"],
  number: [readNumber, "a number"],
  bigint: [(text) => /^\s*[+-]?\d+\s*$/.test(text) ? BigInt(text) : undefined, "an integer"],
  boolean: [readBoolean, "true or false"],
  date: [readDate, "an ISO 8601 date"],
  json: [readJson, "JSON"],
};

const truths: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "yes", "y", "1"].map((word) => [word, true] as const),
  ...["false", "f", "no", "n", "0"].map((word) => [word, false] as const),
]);

/** Returns true if a value is a valid column type. */
export function isColumn(value: unknown): value is CsvColumn {
  return typeof value === "function" ||
    typeof value === "string" && Object.hasOwn(readings, value.replace(/\?$/, ""));
}

/** Makes the conversion of a column. */
export function conversionOf(name: string, column: CsvColumn): Conversion {
  if (typeof column === "function") {
    return (text) => {
      try {
        return column(text ?? "");
      } catch (error) {
        throw new Error(`'${name}' as its function failed`, { cause: error });
      }
    };
  }
  if (column === "string") return (text) => text ?? "";
  if (column === "string?") return (text) => text;
  const isOptional = column.endsWith("?");
  const [read, expected] = readings[column.replace("?", "") as keyof CsvTypes];
  return (text) => {
    if (!text && isOptional) return null;
    const value = text ? read(text) : undefined;
    if (value === undefined) throw new Error(refusal(name, expected, text));
    return value;
  };
}

function refusal(name: string, expected: string, text: string | null): string {
  const shown = text === null ? '""' : JSON.stringify(text.slice(0, 60) + (text[60] ? "…" : ""));
  return `'${name}' as it must be ${expected}: current value is ${shown}`;
}

function readNumber(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  // Number() reads "" as 0 and 0x10 as 16, and it rounds integers that it cannot represent.
  if (value === 0 && text.trim() === "") return undefined;
  if (((text.charCodeAt(1) | 32) > 97 || text.charCodeAt(0) <= 32) && /^\s*0[box]/i.test(text)) {
    return undefined;
  }
  if (Math.abs(value) >= 2 ** 53 && !/[.e]/i.test(text)) return undefined;
  return value;
}

function readBoolean(text: string): boolean | undefined {
  return truths.get(text) ?? truths.get(text.trim().toLowerCase());
}

/** Also allows a space for the T and a short zone, as PostgreSQL and spreadsheets write them. */
const isoDate =
  /^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?(Z|([+-])(\d\d):?(\d\d)?))?)?\s*$/i;

/** Dates that engines parse themselves, which is faster. */
const usualDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)?$/;

function readDate(text: string): Date | undefined {
  if (usualDate.test(text)) {
    const date = new Date(text);
    // February 30 is parsed as March 2, and 24:00 as the next day.
    return date.getUTCDate() === +text.slice(8, 10) ? date : undefined;
  }
  const parts = isoDate.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction, , sign] = parts;
  const [hours = 0, minutes = 0] = parts.slice(10);
  if (+hour > 23 || +minute > 59 || +second > 59 || +minutes > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(+year!, +month! - 1, +day!);
  if (date.getUTCDate() !== +day! || date.getUTCMonth() !== +month! - 1) return undefined;
  const thousandths = fraction === undefined ? 0 : +fraction.slice(0, 3).padEnd(3, "0");
  date.setUTCHours(+hour, +minute, +second, thousandths);
  const offset = (+hours * 60 + +minutes) * 60_000;
  if (offset > 0) date.setTime(date.getTime() + (sign === "-" ? offset : -offset));
  return date;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
