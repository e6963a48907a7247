/**
 * Deliveries of a broker that a sink has committed, so that none is loaded twice: the ids of the items
 * are part of the same commit as the rows.
 * @module
 */
import { EtlError, propertyOf } from "../errors.ts";
import { commitsTo } from "./checkpoint.ts";

/** The deliveries that a load finishes. A sink that `keepsDeliveries` commits them with the rows. */
export interface Deliveries {
  /** Name of the source: ids are unique only within one source. */
  readonly source: string;
  /** The id of each item that has rows in this load; each once. */
  readonly ids: readonly string[];
}

/** Some items were loaded by an earlier delivery. The load has written nothing. */
export class DeliveredError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "DeliveredError";
  /** Name of the class. */
  override readonly name = "DeliveredError" as const;
  /** Kind of the error. */
  override readonly code = "DELIVERED" as const;
  /** The ids of these items. */
  readonly delivered: ReadonlySet<string>;

  /** Creates the error of a load of which some items are already loaded. */
  constructor(delivered: ReadonlySet<string>) {
    super(`${delivered.size} of the items were loaded by an earlier delivery`);
    this.delivered = delivered;
  }
}

/**
 * Decides whether a load may commit. A sink calls it within the transaction of its rows, with the ids that
 * it could insert into its table of deliveries, whose key is source and id. The other ids already exist.
 *
 * The run then leaves out the items that are already loaded, and calls the load again for the others. A
 * sink declares this with `keepsDeliveries: true` on the store that its load `commitsTo`: a run whose
 * source has ids is then effectively-once.
 *
 * @throws {DeliveredError} If an id already existed. Roll the transaction back.
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
 * Returns the items that a load has rejected: `true` if already loaded, `false` if repeated in the same
 * load, and done once the first is committed. `undefined` if the error has another reason.
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
