import { propertyOf } from "../errors.ts";

/** Marks an error after which nobody knows yet if the rows are there. */
const isOpen: unique symbol = Symbol.for("millrace.openOutcome") as typeof isOpen;

/**
 * Says of the error of a load that its rows may have been committed, and that this could not be looked
 * up. A load that has failed by it may be tried again; its items are never given up on, as they would
 * be a row and a dead letter.
 */
export function leaveOpen(error: unknown): unknown {
  if (typeof error !== "object" || error === null || !Object.isExtensible(error)) {
    return leaveOpen(new Error("It is unknown whether the batch was loaded", { cause: error }));
  }
  return Object.defineProperty(error, isOpen, { value: true, configurable: true });
}

/** Returns true if nobody knows whether the rows of a load are there. */
export function isLeftOpen(error: unknown): boolean {
  return propertyOf(error, isOpen) === true;
}
