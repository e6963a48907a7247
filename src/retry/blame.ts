import { propertyOf } from "../errors.ts";

/** Marks the error of a load with the rows and branches that it is about. */
const blame: unique symbol = Symbol.for("millrace.blame") as typeof blame;

/** Part of a load that fans out which failed with an error. */
export interface Blame {
  /** The rows to blame, by their index in the call: all others are where they belong. */
  readonly failures: ReadonlyMap<number, unknown>;
  /** The branches that lack these rows, as they are counted once that is so for good. */
  readonly lacking: Readonly<Record<string, { readonly deadLettered: number }>>;
}

/** Says of an error which rows it speaks of; gives the error. */
export function withBlame(error: object, value: Blame): object {
  return Object.defineProperty(error, blame, { value, configurable: true });
}

/** Returns the part that an error is about, if it is marked. */
export function blameOf(error: unknown): Blame | undefined {
  return propertyOf(error, blame) as Blame | undefined;
}
