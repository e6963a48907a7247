import { fail } from "../plain-options.ts";
import { type ExpandedRows, type InPlace, isMany, manyMark } from "./many-mark.ts";
import { skip } from "./skip.ts";

/** Rows that one item becomes. Made by `many`. */
export interface Many<T> {
  /** Distinguishes `Many` from `WholeBatch`. */
  readonly of: "item";
  /** The rows. */
  readonly rows: readonly T[];
}

/** Rows that a batch becomes and that belong to no single item. Made by `wholeBatch`. */
export interface WholeBatch<T> {
  /** Distinguishes `Many` from `WholeBatch`. */
  readonly of: "batch";
  /** The rows. */
  readonly rows: readonly T[];
}

/**
 * Rows in place of a single one. It contains its own expansion, so programs that never use it load no
 * code for it. Callers use only its fields, as it may come from another copy of this package.
 */
class RowsInPlace implements InPlace {
  readonly rows: readonly unknown[];
  readonly of: InPlace["of"];

  constructor(rows: readonly unknown[], of: InPlace["of"]) {
    this.rows = rows;
    this.of = of;
  }

  /** Marks the rows where a check for a promise is made anyway, without making them one. */
  get then(): typeof manyMark {
    return manyMark;
  }

  share(size: number): InPlace[] | undefined {
    if (this.of !== "batch") return undefined;
    return new Array<InPlace>(size).fill(new RowsInPlace(this.rows, "shared"));
  }

  expand(results: readonly unknown[]): ExpandedRows {
    return expand(results);
  }
}

/**
 * Creates the result of a `transform` for an item that becomes several rows, or an entry of the result
 * of `transformBatch`. The rows are always loaded together, and fail together; the item counts once. No
 * rows are the same as `skip`.
 *
 * @example An order becomes a row for each of its lines
 * ```ts
 * import { etl, many } from "millrace";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const orders = [{ id: 1, lines: ["tea", "jam"] }, { id: 2, lines: [] }];
 * const loaded: object[] = [];
 * const report = await etl({
 *   name: "lines",
 *   extract: () => orders,
 *   transform: ({ id, lines }) => many(lines.map((product) => ({ order: id, product }))),
 *   load: (rows) => void loaded.push(...rows),
 * }).run();
 * deepEqual(loaded, [{ order: 1, product: "tea" }, { order: 1, product: "jam" }]);
 * equal(`${report.loaded} loaded, ${report.skipped} skipped`, "1 loaded, 1 skipped");
 * equal(report.rows, 2);
 * ```
 *
 * @throws {ConfigurationError} If `rows` is not an array.
 */
export function many<T>(rows: readonly T[]): Many<T> {
  return new RowsInPlace(copyOf("many", rows), "item") as unknown as Many<T>;
}

/**
 * Creates the result of a `transformBatch` for rows that belong to no single item, such as a sum. They
 * are loaded in one call, which is never split: if it fails for good, all items of the batch have
 * failed. All items count as loaded once it has succeeded, or as skipped if there are no rows.
 *
 * @example A row for each batch
 * ```ts
 * import { etl, wholeBatch } from "millrace";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const loaded: object[] = [];
 * const report = await etl({
 *   name: "sums",
 *   extract: () => [1, 2, 3, 4],
 *   transformBatch: (ns) => wholeBatch([{ count: ns.length, sum: ns.reduce((a, b) => a + b) }]),
 *   load: (rows) => void loaded.push(...rows),
 * }).run({ batchSize: 2 });
 * deepEqual(loaded, [{ count: 2, sum: 3 }, { count: 2, sum: 7 }]);
 * equal(`${report.loaded} items, ${report.rows} rows`, "4 items, 2 rows");
 * ```
 *
 * @throws {ConfigurationError} If `rows` is not an array.
 */
export function wholeBatch<T>(rows: readonly T[]): WholeBatch<T> {
  return new RowsInPlace(copyOf("wholeBatch", rows), "batch") as unknown as WholeBatch<T>;
}

/** Returns a copy of the rows: the user may reuse the array for the next item. */
function copyOf<T>(name: string, rows: readonly T[]): T[] {
  if (!Array.isArray(rows)) fail(`call ${name}()`, "rows", "an array", rows);
  return [...rows];
}

function expand(results: readonly unknown[]): ExpandedRows {
  const values: unknown[] = [];
  const items: number[] = [];
  let itemCount = 0;
  let shared: InPlace | undefined; // If results share rows, the rows belong to all their items.
  for (const [item, result] of results.entries()) {
    if (result === skip) continue;
    const { rows, of }: Pick<InPlace, "rows" | "of"> = isMany(result)
      ? result
      : { rows: [result], of: "item" };
    if (of === "batch") refuse(result);
    if (rows.length === 0) continue;
    itemCount++;
    if (of === "item") {
      for (const row of rows) {
        values.push(row);
        items.push(item);
      }
      continue;
    }
    items.push(item);
    if (result === shared) continue;
    shared = result as InPlace;
    for (const row of rows) values.push(row);
  }
  return { values, items, itemCount, isDivisible: shared === undefined };
}

function refuse(given: unknown): never {
  const rule =
    "the result of 'transformBatch' for all of its items (for one item, use 'many(rows)')";
  return fail("load rows", "wholeBatch", rule, given);
}
