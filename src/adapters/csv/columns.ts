/** What the text of a column may become, by name. */
export interface CsvTypes {
  /** The text as it is. */
  string: string;
  /** A finite number, such as `-1.5e3`. An integer that a number cannot hold is refused. */
  number: number;
  /** An integer of any size. */
  bigint: bigint;
  /** `true`, `t`, `yes`, `y` or `1`; `false`, `f`, `no`, `n` or `0`; in any case. */
  boolean: boolean;
  /** A date or a date with a time by ISO 8601, in UTC where it names no zone. */
  date: Date;
  /** Whatever `JSON.parse` gives. */
  json: unknown;
}

/**
 * What a column holds: the name of a type, in which an empty field is malformed; the name with `?`, in
 * which it is `null`; or a function that makes a value of the text, or throws. In `"string"` an empty
 * field is `""`; in `"string?"` it is `null` unless it is quoted.
 */
export type CsvColumn = keyof CsvTypes | `${keyof CsvTypes}?` | ((text: string) => unknown);

/** The columns that are more than text, by name. */
export type CsvColumns = Readonly<Record<string, CsvColumn>>;

/** What a column of a kind holds. */
export type CsvValue<C> = C extends (text: string) => infer V ? V
  : C extends keyof CsvTypes ? CsvTypes[C]
  : C extends `${infer N extends keyof CsvTypes}?` ? CsvTypes[N] | null
  : never;

/** Makes the value of a field; throws what tells why it cannot. */
export type Conversion = (text: string | null) => unknown;

/** What a type makes of a text that is not empty, or `undefined`, and what it must be in words. */
type Reading = readonly [read: (text: string) => unknown, expected: string];

const readings: { readonly [N in keyof CsvTypes]: Reading } = {
  string: [(text) => text, "a text"],
  number: [readNumber, "a number"],
  bigint: [(text) => /^\s*[+-]?\d+\s*$/.test(text) ? BigInt(text) : undefined, "an integer"],
  boolean: [(text) => truths.get(text.trim().toLowerCase()), "true or false"],
  date: [readDate, "an ISO 8601 date"],
  json: [readJson, "JSON"],
};

const truths: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "yes", "y", "1"].map((word) => [word, true] as const),
  ...["false", "f", "no", "n", "0"].map((word) => [word, false] as const),
]);

/** Whether a value is the type of a column. */
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
  // A number takes "" for 0, and 0x10 for 16; and it rounds what it cannot hold.
  if (value === 0 && text.trim() === "") return undefined;
  if (/^\s*0[box]/i.test(text)) return undefined;
  return Number.isSafeInteger(value) || Math.abs(value) < 2 ** 53 || /[.e]/i.test(text)
    ? value
    : undefined;
}

const isoDate =
  /^\s*(\d{4}-\d\d-(\d\d))(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))? ?(Z|[+-]\d\d(?::?\d\d)?)?)?\s*$/i;

/** Reads what PostgreSQL and spreadsheets write, too: a blank for the T, and a short zone. */
function readDate(text: string): Date | undefined {
  const parts = isoDate.exec(text);
  if (parts === null) return undefined;
  const [, day = "", dayOfMonth = "", time = "00:00", fraction = "0", zone = "Z"] = parts;
  const offset = zone.replace(
    /^([+-]\d\d):?(\d\d)?$/,
    (_, hours, minutes = "00") => `${hours}:${minutes}`,
  );
  const seconds = time.length === 5 ? `${time}:00` : time;
  const date = new Date(`${day}T${seconds}.${fraction.slice(0, 3).padEnd(3, "0")}${offset}`);
  if (Number.isNaN(date.getTime())) return undefined;
  // Engines take February 30 for March 2.
  return new Date(day).getUTCDate() === Number(dayOfMonth) ? date : undefined;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
