/** An item that its source could not read. */
export interface MalformedItem {
  /** The item as the source has it. */
  readonly raw: unknown;
  /** Why it could not be read. */
  readonly cause: unknown;
}

/** Property that marks such an item in every copy of this package. */
export const malformedMark: unique symbol = Symbol.for(
  "millrace.malformed",
) as typeof malformedMark;

/**
 * Tells an item that could not be read from the others. It is an `Error`, as each item is asked: what
 * it inherits from is known at once, where the look for a property takes V8 3 to 20 times as long.
 */
export function isMalformed(item: unknown): item is MalformedItem {
  return item instanceof Error && malformedMark in item;
}

/** Where the first such item is; -1 if there is none. */
export function firstMalformed(items: readonly unknown[]): number {
  for (let index = 0; index < items.length; index++) if (isMalformed(items[index])) return index;
  return -1;
}

/** Throws the error of an item that could not be read. */
export function refuseMalformed(item: unknown): void {
  if (isMalformed(item)) throw item.cause;
}
