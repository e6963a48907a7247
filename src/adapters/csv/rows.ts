import { InvalidItemError, parse, type StandardSchema } from "../../pipeline/parse.ts";
import { fail } from "../../plain-options.ts";
import { isThenable } from "../../runtime/thenable.ts";
import { type Conversion, conversionOf, type CsvColumns } from "./columns.ts";

/** Makes the value of a record from its fields. The error it throws completes "Cannot read …". */
export type RowMaker = (fields: readonly (string | null)[], count: number) => unknown;

/** Options for making rows from the fields of records. */
export interface RowOptions {
  /** Value of an empty unquoted field, and of a missing one. */
  readonly empty: "" | null;
  /** Handling of a record with more or fewer fields than the header. */
  readonly ragged: "error" | "pad";
  /** The types of some columns. */
  readonly columns?: CsvColumns | undefined;
  /** Schema that validates each record. */
  readonly schema?: StandardSchema | undefined;
}

/** Makes arrays of fields. */
export function arrayMaker(options: RowOptions): RowMaker {
  return checked((fields, count) => fields.slice(0, count), options.schema);
}

/** Makes objects with the names of a header as properties. */
export function objectMaker(names: readonly string[], options: RowOptions): RowMaker {
  const { columns = {}, schema } = options;
  const conversions = names.map((name) =>
    Object.hasOwn(columns, name) ? conversionOf(name, columns[name]!) : undefined
  );
  const fill = conversions.every((conversion) => conversion === undefined)
    ? textFiller(names)
    : typedFiller(names, conversions);
  const isPadded = options.ragged === "pad";
  const width = names.length;
  return checked((fields, count) => {
    if (count === width) return fill(fields);
    if (!isPadded || !isPadding(fields, width, count)) throw new Error(raggedness(count, width));
    return fill(Array.from(names, (_, index) => index < count ? fields[index]! : options.empty));
  }, schema);
}

type Filler = (fields: readonly (string | null)[]) => Record<string, unknown>;

/** Copies all rows from one template, as an object whose properties exist is filled faster. */
function textFiller(names: readonly string[]): Filler {
  const template = templateOf(names);
  const width = names.length;
  return (fields) => {
    const row = { ...template };
    for (let index = 0; index < width; index++) row[names[index]!] = fields[index];
    return row;
  };
}

function typedFiller(
  names: readonly string[],
  conversions: readonly (Conversion | undefined)[],
): Filler {
  const template = templateOf(names);
  const width = names.length;
  return (fields) => {
    const row = { ...template };
    for (let index = 0; index < width; index++) {
      const convert = conversions[index];
      const text = fields[index]!;
      row[names[index]!] = convert === undefined ? text : convert(text);
    }
    return row;
  };
}

/** Makes an object that has every name as its own property, also "__proto__". */
function templateOf(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, null]));
}

function raggedness(count: number, width: number): string {
  return `a record of ${count} field${count === 1 ? "" : "s"}, where the header has ${width}`;
}

/** Returns true if the fields after the last column are empty, as spreadsheets write them. */
function isPadding(fields: readonly (string | null)[], width: number, count: number): boolean {
  for (let index = width; index < count; index++) if (fields[index]) return false;
  return true;
}

function checked(make: RowMaker, schema: StandardSchema | undefined): RowMaker {
  if (schema === undefined) return make;
  const check: (row: unknown) => unknown = parse(schema);
  return (fields, count) => {
    const row = make(fields, count);
    let value: unknown;
    try {
      value = check(row);
    } catch (error) {
      if (!(error instanceof InvalidItemError)) throw error;
      const reasons = error.message.replace("Invalid item: ", "");
      throw new Error(`a record that breaks its schema: ${reasons}`, { cause: error });
    }
    if (!isThenable(value)) return value;
    Promise.resolve(value).catch(() => {}); // It is told below that nobody waits for it.
    return fail("read CSV", "schema", "a schema without async checks", schema);
  };
}
