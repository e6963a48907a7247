import {
  abortSignal,
  anyObject,
  callable,
  checkOptions,
  fail,
  nonEmptyString,
  type OptionTable,
  positiveInteger,
  type Rule,
  truthValue,
} from "../../options.ts";
import { type RetryOptions, retryOptions, type RetrySettings } from "../../retry/retry.ts";
import type { RateLimiter } from "../../streams/rate-limiter.ts";
import { isTransient } from "./http-error.ts";
import { type JsonPath, jsonPath } from "./json-path.ts";
import { type NextPage, type PageToken, type Paging, pagingOf } from "./paging.ts";
import type { ItemKey } from "./seams.ts";
import { addressRule, type Channel, channelOf, type Fetch, fetchRule, limitsRule } from "./send.ts";

/** Place of an item, as plain JSON. Reading can resume after it. */
export interface PagePosition {
  /** Opens the page that the item is on; `null` opens the first one. */
  readonly token: PageToken;
  /** Place of the item on that page, from 0. */
  readonly index: number;
  /** Key of the item, if the option `key` is set. */
  readonly key?: ItemKey;
  /** Opens the page at which a later reading begins, if the option `lag` is set. */
  readonly again?: PageToken;
}

/**
 * The address of the first page, a request without a body, or a function that makes the request for each
 * page.
 */
export type FirstPage = string | URL | Request | PageRequest;

/**
 * Makes the request for a page. Called again for each attempt, so the request may have a body or a
 * short-lived signature. The argument is the token that opens the page: a cursor, an offset, a number or
 * an address; `undefined` for the first page. A method, so that you can declare the type of its
 * parameter.
 */
export type PageRequest = {
  open(token?: PageToken): string | URL | Request | PromiseLike<string | URL | Request>;
}["open"];

/** Extracts the items from the body of a page. A method, so that you can declare the type of `body`. */
export type ItemsOf<T> = {
  items(body: unknown, response: Response): readonly T[];
}["items"];

/**
 * Extracts the total number of items from a response. A method, so that you can declare the type of
 * `body`.
 */
export type TotalOf = {
  total(response: Response, body: unknown): number | undefined;
}["total"];

/** Options of `readPages`. */
export interface PagesOptions<T> {
  /** Way of finding the next page. */
  readonly next: NextPage;
  /**
   * Place of the items in the body of a page: a path, or a function.
   * @default {the body itself}
   */
  readonly items?: JsonPath | ItemsOf<T> | undefined;
  /**
   * Reads the body of a response. If it throws, the body counts as truncated, and the page is requested
   * again.
   * @default {as JSON}
   */
  readonly body?: ((response: Response) => unknown) | undefined;
  /**
   * Place of the total number of items in a response: a path in the body, a header, or a function.
   * `pages.total()` returns that number.
   */
  readonly total?: JsonPath | { readonly header: string } | TotalOf | undefined;
  /**
   * Position to resume after, as stored in a checkpoint. `undefined` and `null` start at the first page.
   * `pages.extract` uses the position of its run.
   */
  readonly from?: unknown;
  /**
   * Key of an item, a unique string or number: the name of a property, or a function. With it, items that
   * were on one of the last 10 pages are dropped: they appear again if rows are inserted between two
   * pages. A position is also found again if its item has moved to a later page. An item that has changed
   * and appears again is dropped too, unless its key has changed with it.
   */
  readonly key?: (string & keyof T) | ((item: T) => ItemKey) | undefined;
  /**
   * Number of pages before its position that a resumed reading yields again, for rows that arrived late:
   * a positive integer. The sink must accept rows twice.
   */
  readonly lag?: number | undefined;
  /**
   * Yields each item as `{ value, position }`. Needed for the positions of items that are not
   * objects.
   * @default {false}
   */
  readonly positions?: boolean | undefined;
  /** Headers and other options of each request, as in `fetch`, but without the signal. */
  readonly init?: Omit<RequestInit, "signal"> | undefined;
  /**
   * Rate limiters of the requests. Each request takes a permit from each limiter. If the service asks for
   * a pause, the limiters pause, and with them all readers and sinks that share them.
   */
  readonly limits?: RateLimiter | readonly RateLimiter[] | undefined;
  /**
   * Retries of a page. Without `isRetriable`, `isTransient` decides.
   * @default {5 attempts of at most a minute}
   */
  readonly retry?: RetryOptions | undefined;
  /** Ends the reading when it aborts. `pages.extract` uses the signal of its run. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Function that makes the requests.
   * @default {that of the platform}
   */
  readonly fetch?: Fetch | undefined;
}

/** The options, checked. */
export interface PagesSettings<T> {
  readonly first: FirstPage;
  readonly paging: Paging;
  readonly items: JsonPath | ItemsOf<T>;
  readonly body: (response: Response) => unknown;
  readonly total: PagesOptions<T>["total"];
  readonly from: PagePosition | undefined;
  readonly key: ((item: T) => ItemKey) | undefined;
  readonly lag: number;
  readonly positions: boolean;
  readonly init: Omit<RequestInit, "signal">;
  readonly retry: RetrySettings;
  readonly channel: Channel;
  readonly signal: AbortSignal | undefined;
}

const firstRule: Rule = {
  expected: "a URL, a Request without a body, or a function",
  test: (value) =>
    addressRule.test(value) || callable.test(value) || value instanceof Request && !value.body,
};

const pathOrFunction: Rule = {
  expected: `${jsonPath.expected}, or a function`,
  test: (value) => jsonPath.test(value) || callable.test(value),
};

const totalRule: Rule = {
  expected: `${jsonPath.expected}, { header }, or a function`,
  test: (value) => pathOrFunction.test(value) || nonEmptyString.test(Object(value).header),
};

const keyRule: Rule = {
  expected: "the name of a property, or a function",
  test: (value) => nonEmptyString.test(value) || callable.test(value),
};

const positionRule: Rule = {
  expected: "a position that these pages gave",
  test: (value) =>
    value === null || anyObject.test(value) && "token" in (value as object) &&
      Number.isSafeInteger((value as PagePosition).index),
};

const table: OptionTable<PagesOptions<never>> = {
  next: [{ ...anyObject, test: () => true }], // Has sentences of its own.
  items: [pathOrFunction, "$"],
  body: [callable],
  total: [totalRule],
  from: [positionRule],
  key: [keyRule],
  lag: [positiveInteger],
  positions: [truthValue, false],
  init: [anyObject, {}],
  limits: [limitsRule],
  retry: [anyObject, {}],
  signal: [abortSignal],
  fetch: [fetchRule],
};

const action = "read pages";

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkPagesOptions<T>(
  first: FirstPage,
  options: PagesOptions<T>,
): PagesSettings<T> {
  type Open = Exclude<keyof PagesOptions<T>, "items" | "positions" | "init" | "retry">;
  const { next, key, lag = 0, from, retry, limits, fetch, body = readJson, ...rest } = checkOptions<
    PagesOptions<T>,
    Open
  >(action, options, table as OptionTable<PagesOptions<T>>);
  if (!firstRule.test(first)) fail(action, "first", firstRule.expected, first);
  if ("signal" in rest.init) {
    fail(action, "init.signal", "omitted, as 'signal' is an option", rest.init.signal);
  }
  const address = typeof first === "function" ? undefined : new Request(first).url;
  const rules = checkOptions<RetryOptions, "isRetriable">(action, retry, retryOptions, {
    maxAttempts: 5,
    attemptTimeout: 60_000,
    isRetriable: isTransient,
  });
  return {
    ...rest,
    first,
    body,
    from: from as PagePosition ?? undefined,
    key: typeof key === "string" ? (item) => item[key] as ItemKey : key,
    lag,
    retry: rules,
    paging: pagingOf(action, next, address),
    channel: channelOf(fetch, limits, rules.maxRetryAfter),
  };
}

/** Checks a position that a checkpoint had. */
export function checkPosition(value: unknown): PagePosition | undefined {
  const { from } = checkOptions(action, { from: value }, { from: [positionRule] });
  return from as PagePosition ?? undefined;
}

async function readJson(response: Response): Promise<unknown> {
  return response.status === 204 ? undefined : await response.json();
}
