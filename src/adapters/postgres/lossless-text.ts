/** Symbol that identifies a `PgText`, also one of another copy of the package. */
const brand: symbol = Symbol.for("millrace.pgText");

/**
 * A value as PostgreSQL writes it, if a plain string would be misread: the text of a `json` could be
 * taken for a JSON string. `postgresSource` creates it, and `postgresSink` stores it as the column reads
 * it.
 *
 * @example The text of a JSON that JavaScript would round
 * ```ts
 * import { PgText } from "millrace/postgres";
 * import { equal } from "node:assert/strict";
 *
 * equal(String(new PgText('{"n": 12345678901234567890}', "jsonb")), '{"n": 12345678901234567890}');
 * ```
 */
export class PgText {
  /** The value, as the database writes and reads it. */
  readonly text: string;
  /** The name of its type. */
  readonly type: string;

  static {
    Object.defineProperty(PgText.prototype, brand, { value: true });
  }

  /** Makes the text of a value. */
  constructor(text: string, type: string) {
    this.text = text;
    this.type = type;
  }

  /** The text. */
  toString(): string {
    return this.text;
  }

  /** The text. */
  toJSON(): string {
    return this.text;
  }
}

/** Returns true if a value is a `PgText`, of this copy of the package or of another. */
export function isPgText(value: unknown): value is PgText {
  return typeof value === "object" && value !== null && brand in value;
}
