import { propertyOf } from "../errors.ts";

/** Marks an error after which it is not yet known whether the rows are stored. */
const isOpen: unique symbol = Symbol.for("millrace.openOutcome") as typeof isOpen;

/**
 * Marks the error of a load whose rows may have been committed, if this could not be checked. The load
 * may be tried again. Its items are never given up on, as each might then be a row and a dead letter.
 */
export function leaveOpen(error: unknown): unknown {
  if (typeof error !== "object" || error === null || !Object.isExtensible(error)) {
    return leaveOpen(new Error("It is unknown whether the batch was loaded", { cause: error }));
  }
  return Object.defineProperty(error, isOpen, { value: true, configurable: true });
}

/** Returns true if it is unknown whether the rows of a load are stored. */
export function isLeftOpen(error: unknown): boolean {
  return propertyOf(error, isOpen) === true;
}
