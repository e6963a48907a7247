import { ConfigurationError } from "../../../errors.ts";
import { settle } from "./settled.ts";
import { hasNull, keyOf } from "./key.ts";
import { readLayout } from "./layout.ts";
import { clientPage, fromQuery, type Page, pageStatement, textPage } from "./page.ts";
import type { Query, Reader, View } from "./query.ts";
import { checkNames, rowReader } from "./rows.ts";
import { startOf } from "./start.ts";

/** Reads a query in the order of a key, each page by a statement of its own. */
export async function pages(query: Query, names: readonly string[]): Promise<Reader> {
  const { chunkSize } = query;
  let view = await viewOf(query, names);
  let above = await startOf(query, view.key);
  const { upTo, take } = await settle(query, view, above);
  const read = (from: View) => readPage(query, from, above, upTo);
  /**
   * Once more if the result has changed: a statement that was planned before may be rejected now.
   */
  const readAgain = async (cause: unknown): Promise<Page> => {
    const now = await viewOf(query, names).catch((error) => {
      throw error instanceof ConfigurationError ? error : cause; // The first error says more.
    });
    if (now.layout.mark === view.layout.mark) throw cause;
    checkType(view, now, names);
    view = now;
    return await read(view);
  };
  return {
    read: async () => {
      let page = await read(view).catch(readAgain);
      if (page.faults.some(isOfOther)) page = await readAgain(new Error("The result is another"));
      checkFaults(page, above === undefined, names);
      const length = Math.min(page.length, chunkSize);
      const mayHaveNulls = above !== undefined && query.last === undefined;
      if (page.length <= chunkSize && mayHaveNulls) await checkNulls(query, view, names);
      const kept = take(length, (place) => page.keyAt(place)[0]!);
      if (length > 0) above = further(above, page.keyAt(length - 1), names);
      return Array.from({ length: kept }, (_, place) => page.rowAt(place));
    },
    close: async () => {},
  };
}

async function viewOf(query: Query, names: readonly string[]): Promise<View> {
  const layout = await readLayout(query.database, query.sql, query.params);
  if (query.values === "lossless") checkNames(query.sql, layout);
  return { layout, key: keyOf(layout, names), toRow: rowReader(layout) };
}

async function readPage(
  query: Query,
  view: View,
  above: readonly string[] | undefined,
  upTo: string | undefined,
): Promise<Page> {
  const { database, params, values } = query;
  const bounds = { isFirst: above === undefined, isBounded: upTo !== undefined };
  const statement = pageStatement(query, view, bounds);
  const bound = [
    ...[...params, ...above ?? [], ...upTo === undefined ? [] : [upTo]],
    ...query.last ?? [],
  ];
  return values === "client"
    ? clientPage(await database.rows(statement, bound), view)
    : textPage(await database.values(statement, bound), view);
}

/** Returns true if a row was read from a result of other columns. */
function isOfOther(fault: unknown): boolean {
  return typeof fault === "string" && fault[0] !== "1";
}

/**
 * Rejects a page after which other pages would skip or repeat rows.
 * @throws {ConfigurationError} If a key contains a null, is equal to another one, or is not above the
 *   previous one.
 */
function checkFaults(page: Page, isFirst: boolean, names: readonly string[]): void {
  for (const [place, fault] of page.faults.entries()) {
    if (typeof fault !== "string") continue;
    if (fault[1] === "0") throw faultOf(names, "is null in a row");
    const isLow = fault[2] === "0" && !(isFirst && place === 0); // Nothing is before the first.
    if (isLow) throw faultOf(names, place > 0 ? "is not unique" : stuck);
    if (fault[3] === "0") throw faultOf(names, stuck);
  }
}

const stuck = "does not advance: a page would begin at or below the end of the one before";

/** The end of a page, which is never that of the one before. */
function further(
  before: readonly string[] | undefined,
  end: readonly string[],
  names: readonly string[],
): readonly string[] {
  if (before?.every((text, n) => text === end[n])) throw faultOf(names, stuck);
  return end;
}

function faultOf(names: readonly string[], fault: string): ConfigurationError {
  return new ConfigurationError(`Cannot read pages as the key ${names.join(", ")} ${fault}`);
}

/** Nulls are above nothing, so only the first page can have one. */
async function checkNulls(
  { database, sql, params }: Query,
  { layout, key }: View,
  names: readonly string[],
): Promise<void> {
  const found = await database.values(
    `select 1 ${fromQuery(sql, layout)} where ${hasNull(key)} limit 1`,
    params,
  );
  if (found.length > 0) throw faultOf(names, "is null in a row");
}

/** Of another type, the order is another one too. */
function checkType(before: View, now: View, names: readonly string[]): void {
  const typesOf = ({ key }: View) => key.columns.map(({ written }) => written).join(", ");
  if (typesOf(before) === typesOf(now)) return;
  throw faultOf(
    names,
    `has another type than before: ${typesOf(now)} instead of ${typesOf(before)}`,
  );
}
