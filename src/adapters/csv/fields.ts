import { base64Of } from "../../dead-letters/base64.ts";
import { inWords } from "../../plain-options.ts";

/** Options for writing the fields of a record. */
export interface FieldOptions {
  /** Delimiter of the fields. */
  readonly delimiter: string;
  /** Handling of a text that a spreadsheet would evaluate. */
  readonly formulas: "escape" | "allow";
}

/** Encodes a value as a field. The error it throws says why the value cannot be written. */
export type FieldWriter = (value: unknown, name: string) => string;

/**
 * First characters of texts that a spreadsheet evaluates, also in full-width forms (OWASP, CSV
 * Injection).
 */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;
const plainNumber = /^[+-]?\d+(?:\.\d+)?$/;

/** Makes a function that encodes fields. It quotes them only if necessary. */
export function fieldWriter({ delimiter, formulas }: FieldOptions): FieldWriter {
  // A field that ends with half of a delimiter would form another one with the delimiter after it.
  const escaped = delimiter.slice(0, 1).replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  // A byte-order mark at the start of a file would be removed.
  const special = new RegExp(`["\\r\\n]|^\\uFEFF|\\p{Surrogate}|${escaped}`, "u");
  const escapes = formulas === "escape";
  const quoted = (text: string, name: string): string => {
    if (/\p{Surrogate}/u.test(text)) throw new TypeError(`'${name}' has half a character`);
    return `"${text.replaceAll('"', '""')}"`;
  };
  return (value, name) => {
    if (typeof value === "string") {
      if (value === "") return '""';
      const text = escapes && formula.test(value) && !plainNumber.test(value) ? `'${value}` : value;
      return special.test(text) ? quoted(text, name) : text;
    }
    const text = textOf(value, name);
    return special.test(text) ? quoted(text, name) : text;
  };
}

function textOf(value: unknown, name: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "object") {
    if (value instanceof Date) {
      if (!Number.isNaN(value.getTime())) return value.toISOString();
    } else if (value instanceof Uint8Array) return base64Of(value);
    else return jsonOf(value, name);
  }
  throw new TypeError(
    `'${name}' must be a value that CSV can hold: current value is ${inWords(value)}`,
  );
}

function jsonOf(value: object, name: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new TypeError(`'${name}' must be a value that JSON can hold`, { cause: error });
  }
  return text ?? ""; // Its toJSON gave undefined.
}
