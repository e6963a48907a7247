import { propertyOf } from "../errors.ts";

/** What the error of a load has that tells which rows, and which branches, it speaks of. */
const blame: unique symbol = Symbol.for("millrace.blame") as typeof blame;

/** What a load that fans out knows of an error that only a part of it has failed with. */
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

/** What was said of an error. */
export function blameOf(error: unknown): Blame | undefined {
  return propertyOf(error, blame) as Blame | undefined;
}
