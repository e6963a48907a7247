import { propertyOf } from "../errors.ts";

/** Marks the error of a load with the rows and branches that it is about. */
const blame: unique symbol = Symbol.for("millrace.blame") as typeof blame;

/** Part of a fanned-out load that failed with an error. */
export interface Blame {
  /** The rows to blame, by their index in the call. All other rows are loaded. */
  readonly failures: ReadonlyMap<number, unknown>;
  /** The branches that lack these rows, as counted once the failure is final. */
  readonly lacking: Readonly<Record<string, { readonly deadLettered: number }>>;
}

/** Marks an error with the rows that it is about; returns the error. */
export function withBlame(error: object, value: Blame): object {
  return Object.defineProperty(error, blame, { value, configurable: true });
}

/** Returns the part that an error is about, if it is marked. */
export function blameOf(error: unknown): Blame | undefined {
  return propertyOf(error, blame) as Blame | undefined;
}
