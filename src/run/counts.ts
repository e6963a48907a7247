import type { BranchCounts, TableCounts } from "../report-types.ts";
import { Reasons } from "./reasons.ts";
import { Tally } from "./tally.ts";

/** Items of a run by their fate so far. */
export class Counts {
  /** Items of the source whose load has succeeded. */
  loaded = 0;
  /** Rows that these loads were given. */
  rows = 0;
  /** Items of the source that the transform left out. */
  skipped = 0;
  /** Items of the source that were given up on. */
  deadLettered = 0;
  /** Items of the source that were given back to it. */
  returned = 0;
  /** Loads that have succeeded. */
  batches = 0;
  /** Calls made again after a failure. */
  retries = 0;
  /** Calls of `transform` that have begun; counted only where a stall is watched for. */
  transformCalls = 0;
  /** Values that loads have left out. */
  readonly drift: Tally<number> = new Tally();
  /** Rows that loads have written. */
  readonly tables: Tally<TableCounts> = new Tally();
  /** Rows in the branches of loads, by their fate. */
  readonly branches: Tally<BranchCounts> = new Tally();
  /** Why items were given up on. */
  readonly reasons: Reasons = new Reasons();

  /** Items that came to an end: loaded, skipped, dead-lettered or returned. */
  get done(): number {
    return this.loaded + this.skipped + this.deadLettered + this.returned;
  }

  /** Changes with every item that comes to an end, and every call that is counted. */
  get moves(): number {
    return this.done + this.retries + this.transformCalls;
  }
}
