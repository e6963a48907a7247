import { messageOf } from "../errors.ts";

const mark: unique symbol = Symbol.for("millrace.malformed") as never;

/** An item that its source could not read, as every copy of this package knows it. */
class Malformed extends Error {
  override readonly name = "Malformed" as const;
  readonly [mark] = true;
  readonly raw: unknown;

  constructor(raw: unknown, cause: unknown) {
    super(messageOf(cause), { cause });
    this.raw = raw;
  }
}

/** What stands in the place of an item that cannot be read. */
export function malformed(raw: unknown, error: unknown): never {
  return new Malformed(raw, error) as never;
}
