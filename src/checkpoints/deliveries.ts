/**
 * Deliveries of a broker that a sink has committed, so that none is loaded twice: the
 * ids of the items go into the same commit as the rows.
 * @module
 */
import { EtlError, propertyOf } from "../errors.ts";
import { commitsTo } from "./checkpoint.ts";

/** The deliveries that a load finishes: a sink that `keepsDeliveries` commits them beside the rows. */
export interface Deliveries {
  /** Whose they are: an id is only told apart from the others of the same source. */
  readonly source: string;
  /** The id of each item that has rows in this load; each once. */
  readonly ids: readonly string[];
}

/** Some items have been loaded by an earlier delivery: the load has written nothing. */
export class DeliveredError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "DeliveredError";
  /** The class of the error. */
  override readonly name = "DeliveredError" as const;
  /** The kind of the error. */
  override readonly code = "DELIVERED" as const;
  /** Their ids. */
  readonly delivered: ReadonlySet<string>;

  /** Makes the error of a load that some of whose items are there. */
  constructor(delivered: ReadonlySet<string>) {
    super(`${delivered.size} of the items were loaded by an earlier delivery`);
    this.delivered = delivered;
  }
}

/**
 * Decides whether a load may commit. A sink calls it within the transaction of its rows, with the ids
 * that it could insert into its table of deliveries, whose key is source and id: those that it could
 * not are there already.
 *
 * The run then leaves out the items that are there, as their rows are, and calls the load again for
 * the others. A sink says by `keepsDeliveries: true` on the store that its load `commitsTo` that it
 * does all that: a run whose source has ids is then effectively-once.
 *
 * @throws {DeliveredError} If an id was there. The transaction has to be rolled back.
 *
 * @example
 * ```ts
 * import { checkDeliveries } from "millrace/checkpoint";
 * import { deepEqual, throws } from "node:assert/strict";
 *
 * checkDeliveries(["a", "b"], ["b", "a"]);
 * throws(() => checkDeliveries(["a", "b"], ["b"]), { code: "DELIVERED" });
 * ```
 */
export function checkDeliveries(ids: readonly string[], inserted: Iterable<string>): void {
  const delivered = new Set(ids);
  for (const id of inserted) delivered.delete(id);
  if (delivered.size > 0) throw new DeliveredError(delivered);
}

/** Returns true if a load commits deliveries with its rows, and rejects known ones. */
export function keepsDeliveries(load: unknown): boolean {
  return propertyOf(propertyOf(load, commitsTo), "keepsDeliveries") === true;
}

/**
 * The items that a load has refused, each with whether it is there: one that is not has come before in
 * the same load, and is done once that one is committed. Nothing if it was for another reason.
 */
export function deliveredIn(
  members: readonly number[],
  error: unknown,
  idOf: (member: number) => string,
): ReadonlyMap<number, boolean> | undefined {
  const known = propertyOf(error, "delivered");
  if (!(known instanceof Set)) return undefined;
  const seen = new Set<unknown>(known);
  const delivered = new Map<number, boolean>();
  for (const member of members) {
    const id = idOf(member);
    if (seen.has(id)) delivered.set(member, known.has(id));
    seen.add(id);
  }
  return delivered.size > 0 ? delivered : undefined;
}
