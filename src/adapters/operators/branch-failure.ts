import { BatchError, EtlError, isOf, messageOf, propertyOf, SplitError } from "../../errors.ts";
import { type Blame, blameOf, withBlame } from "../../retry/blame.ts";
import { isLeftOpen } from "../../retry/open-outcome.ts";
import { isFatal } from "../../retry/retry.ts";
import type { Share } from "./branch.ts";

/** Error of a branch, and the rows that it is for. */
export interface BranchFailure {
  readonly share: Share;
  readonly error: unknown;
  /** The errors of these rows by their index in the call, where it has named them. */
  readonly named?: RowErrors;
}

/** Work that a call of a load with branches leaves undone. */
export interface CallEnd {
  /** Failed branches. */
  readonly failures: readonly BranchFailure[];
  /** Shares that were not begun, as they come after all others: their branch lacks them as well. */
  readonly unbegun: readonly Pick<BranchFailure, "share">[];
}

/** The errors of single rows, by their index in the call. */
type RowErrors = ReadonlyMap<number, unknown>;

/**
 * The error of a load of which branches have failed: their own, which says what it is to blame for.
 * Of several the one that leaves the least to be done about it: one that is final, then one that may
 * pass, then one that asks for smaller batches. Where bad rows were named and nothing else failed, these are named.
 */
export function failureOf({ failures, unbegun }: CallEnd): unknown {
  const lacking = [...failures, ...unbegun];
  const others = failures.filter(({ named }) => named === undefined);
  if (others.length === 0) return batchError(failures, lacking);
  const ranks = others.map(({ error }) => ranked.findIndex((is) => is(error)));
  const { share, error } = others[ranks.indexOf(Math.min(...ranks))]!;
  const own = isOf(error, BatchError)
    ? new EtlError(`${error.message} (it names what is no row)`, { cause: error })
    : error;
  return blaming(own, lacking, share.places);
}

/** A failure by which a branch has named bad rows, and the rows that it has not named. */
export function namedIn(
  share: Share,
  error: unknown,
): { readonly bad: BranchFailure; readonly rest: Share } | undefined {
  const named = rowErrorsOf(share, error);
  if (named === undefined) return undefined;
  const part = (isBad: boolean): Share => {
    const kept = [...share.places.keys()].filter((n) => named.has(share.places[n]!) === isBad);
    return {
      name: share.name,
      rows: kept.map((n) => share.rows[n]),
      places: kept.map((n) => share.places[n]!),
    };
  };
  return { bad: { share: part(true), error, named }, rest: part(false) };
}

/** Says which rows an error is to blame for, as far as the same branches lack them. */
export function blaming(
  error: unknown,
  lacked: readonly Pick<BranchFailure, "share">[],
  places: readonly number[],
): unknown {
  const lackings = places.map((place) => lackingOf(lacked, place));
  const [names = ""] = lackings.map((lacking) => lacking.join());
  const own = places.filter((_, index) => lackings[index]!.join() === names);
  const object = markable(error);
  return withBlame(object, {
    failures: new Map(own.map((place) => [place, object])),
    lacking: countedOnce(lackings[0] ?? []),
  });
}

const ranked: readonly ((error: unknown) => boolean)[] = [
  isFatal,
  isLeftOpen,
  (error) => !isOf(error, SplitError),
  () => true,
];

function batchError(
  failures: readonly BranchFailure[],
  lacked: readonly Pick<BranchFailure, "share">[],
): BatchError {
  const errors = new Map<number, unknown>();
  for (const [place, error] of failures.flatMap(({ named }) => [...named!])) {
    if (errors.has(place)) continue;
    const lacking = countedOnce(lackingOf(lacked, place));
    errors.set(place, withBlame(markable(error), { failures: new Map(), lacking }));
  }
  return new BatchError(new Map([...errors].sort(([a], [b]) => a - b)));
}

/** The errors of the rows that a branch has named, by their place; `undefined` where it names none. */
function rowErrorsOf({ places }: Share, error: unknown): RowErrors | undefined {
  if (!isOf(error, BatchError)) return undefined;
  const errors = new Map<number, unknown>();
  try {
    for (const [row, cause] of error.failures) {
      const place = places[row];
      if (place === undefined || errors.has(place)) return undefined;
      errors.set(place, cause);
    }
  } catch {
    return undefined; // It is an error like any other, and told as such.
  }
  return errors.size > 0 ? errors : undefined;
}

/** The branches that lack a row. */
function lackingOf(lacked: readonly Pick<BranchFailure, "share">[], place: number): string[] {
  return lacked.filter(({ share }) => isIn(share.places, place)).map(({ share }) => share.name);
}

/** Returns true if a place is among others, which ascend. */
function isIn(places: readonly number[], place: number): boolean {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < place) low = middle + 1;
    else high = middle;
  }
  return places[low] === place;
}

function countedOnce(names: readonly string[]): Blame["lacking"] {
  return Object.fromEntries(names.map((name) => [name, { deadLettered: 1 }]));
}

/** Returns the error itself, or one with it as cause if it is not an object or names other rows. */
function markable(error: unknown): object {
  const isOwn = Object(error) === error && Object.isExtensible(error);
  if (isOwn && blameOf(error) === undefined) return error as object;
  const wrapped = new Error(messageOf(error), { cause: error });
  for (const name of ["name", "code", "retryAfter"] as const) {
    const value = propertyOf(error, name);
    if (value !== undefined) Object.defineProperty(wrapped, name, { value, configurable: true });
  }
  return wrapped;
}
