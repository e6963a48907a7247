import { callable, fail, nonEmptyString, positiveInteger } from "../../options.ts";
import { type JsonPath, jsonPath, valueAt } from "./json-path.ts";

/** Token that opens a page: plain data, which checkpoints store. `null` opens the first page. */
export type PageToken = unknown;

/** Way of finding the next page. */
export type NextPage =
  | "link"
  | CursorPaging
  | UrlPaging
  | OffsetPaging
  | NumberPaging
  | NextToken;

/** Each page has the cursor of the next one. A page without a cursor is the last. */
export interface CursorPaging {
  /** Path of the cursor in the body: `"$.meta.next"`. */
  readonly cursor: JsonPath;
  /** The parameter for the cursor. Leave it out if a function makes the requests. */
  readonly param?: string | undefined;
}

/** Each page has the address of the next one. A page without an address is the last. */
export interface UrlPaging {
  /** Path of the address in the body: `"$.links.next"`. */
  readonly url: JsonPath;
}

/** Pages are requested by the number of items before them. */
export interface OffsetPaging {
  /** The parameter for the offset. */
  readonly offset: string;
  /**
   * Number of items of a full page: a page with fewer is the last. By default an empty page is the last,
   * which is safe if the service returns fewer items than requested.
   */
  readonly size?: number | undefined;
}

/** Pages are requested by their number. The first number is the one in the address, otherwise 1. */
export interface NumberPaging {
  /** The parameter for the number. */
  readonly page: string;
  /** Number of items of a full page, as in `OffsetPaging`. */
  readonly size?: number | undefined;
}

/**
 * Returns the address of the next page, or the argument for a function that makes the requests; JSON must
 * be able to hold it. Returns `undefined` or `null` after the last page. A method, so that you can
 * declare the type of `body`.
 */
export type NextToken = {
  next(response: Response, body: unknown, request: Request): PageToken | URL | undefined;
}["next"];

/** The facts of a page that determine the next one. */
export interface Page {
  readonly token: PageToken;
  readonly request: Request;
  readonly response: Response;
  readonly body: unknown;
  /** Items of it, before any is dropped. */
  readonly size: number;
}

/** A way of paging, checked. */
export interface Paging {
  /** Token of the first page. */
  readonly start: PageToken;
  /** The parameter for the token. */
  readonly param: string | undefined;
  /** A token is the address of its page. */
  readonly isAddress: boolean;
  /** Returns the token of the page after a page; `null` after the last one. */
  after(page: Page): PageToken;
}

/** Checks how pages are found, and completes it. `address` is that of the first page, if it is known. */
export function pagingOf(action: string, next: unknown, address: string | undefined): Paging {
  if (next === "link") return addresses(address, ({ response }) => linkIn(response));
  if (callable.test(next)) {
    const find = ({ response, body, request }: Page) => {
      const token = (next as NextToken)(response, body, request);
      return token instanceof URL ? token.href : token;
    };
    if (address !== undefined) return addresses(address, find);
    return { start: null, param: undefined, isAddress: false, after: (page) => find(page) ?? null };
  }
  const { cursor, url, offset, page, size, param } = checked(action, next);
  if (url !== undefined) return addresses(address, ({ body }) => valueAt(body, url));
  if (cursor !== undefined) {
    if (param === undefined && address !== undefined) {
      fail(action, "next.param", "given, unless 'first' is a function", param);
    }
    return {
      start: null,
      param,
      isAddress: false,
      after: ({ body }) => valueAt(body, cursor) || null, // Some end by "" or false.
    };
  }
  const name = (offset ?? page)!;
  const given = address === undefined ? null : new URL(address).searchParams.get(name);
  return {
    start: Number(given ?? (page === undefined ? 0 : 1)),
    param: name,
    isAddress: false,
    after: ({ token, size: items }) =>
      items < (size ?? 1) ? null : Number(token) + (page === undefined ? items : 1),
  };
}

function addresses(start: string | undefined, find: (page: Page) => unknown): Paging {
  const after = (page: Page) => {
    const found = find(page);
    if (typeof found !== "string") return found ?? null;
    // Not that of the answer, which is empty where `fetch` is not the platform's.
    return found && new URL(found, page.response.url || page.request.url).href || null;
  };
  return { start: start ?? null, param: undefined, isAddress: true, after };
}

/** The target of the link to the next page (RFC 8288). */
function linkIn({ headers }: Response): string | undefined {
  const links = (headers.get("link") ?? "").matchAll(/<([^>]*)>((?:[^<"]|"[^"]*")*)/g);
  for (const [, target, parameters] of links) {
    const [, quoted, plain] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters!) ?? [];
    const relations = (quoted ?? plain ?? "").toLowerCase().split(/\s+/);
    if (relations.includes("next")) return target;
  }
  return undefined;
}

const ways = '"link", { cursor }, { url }, { offset }, { page } or a function';

/** The members of a way of paging that is given as an object. */
function checked(
  action: string,
  next: unknown,
): Partial<CursorPaging & UrlPaging & OffsetPaging & NumberPaging> {
  const given = Object(next) as Record<string, unknown>;
  const rules = {
    cursor: { cursor: jsonPath, param: nonEmptyString },
    url: { url: jsonPath },
    offset: { offset: nonEmptyString, size: positiveInteger },
    page: { page: nonEmptyString, size: positiveInteger },
  } as const;
  const way = (Object.keys(rules) as (keyof typeof rules)[]).find((way) => way in given);
  if (typeof next !== "object" || way === undefined) fail(action, "next", ways, next);
  const rule: Readonly<Record<string, typeof jsonPath>> = rules[way];
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(rule, name)) {
      fail(action, `next.${name}`, `omitted, as { ${way} } does not have it`, value);
    }
    if (value !== undefined && !rule[name]!.test(value)) {
      fail(action, `next.${name}`, rule[name]!.expected, value);
    }
  }
  if (given[way] === undefined) fail(action, `next.${way}`, rule[way]!.expected, undefined);
  return given;
}
