import { onAbort } from "../../runtime/signals.ts";
import { withDeadline } from "../../runtime/deadline.ts";
import { retry } from "../../retry/retry.ts";
import { inWords } from "../../options.ts";
import { shown } from "./http-error.ts";
import { type JsonPath, valueAt } from "./json-path.ts";
import type { PagePosition, PagesSettings } from "./pages-options.ts";
import type { Page, PageToken } from "./paging.ts";
import { requestFor } from "./page-request.ts";
import { errorOf, read, send, whenAllowed } from "./send.ts";
import { CircleFinder, PAGES_REMEMBERED, Seams } from "./seams.ts";

/** A page with its items. */
interface OpenPage<T> extends Page {
  /** As messages call it. */
  readonly name: string;
  readonly items: readonly T[];
  /** Indices of the items that were on no page before. */
  readonly fresh: readonly number[];
}

/** An item at its place. */
export interface Placed<T> {
  readonly item: T;
  readonly position: PagePosition;
}

/** Callbacks of a reading. */
export interface ReadingListener {
  /** Called with the total number of items that a response states. */
  onTotal(total: number): void;
  /** Called when a page is requested again. */
  onRetry(): void;
}

/** One reading of pages, from the first or from a position on. */
export class PageReader<T> {
  readonly #settings: PagesSettings<T>;
  readonly #from: PagePosition | undefined;
  readonly #signal: AbortSignal;
  readonly #listener: ReadingListener;
  readonly #seams: Seams<T>;
  readonly #circles = new CircleFinder();
  readonly #behind: PageToken[] = []; // Of as many pages as `lag` says, and of the present one.

  /** Makes a reading that has requested nothing yet. It ends when the signal aborts. */
  constructor(
    settings: PagesSettings<T>,
    from: PagePosition | undefined,
    signal: AbortSignal,
    listener: ReadingListener,
  ) {
    this.#settings = settings;
    this.#from = from;
    this.#signal = signal;
    this.#listener = listener;
    this.#seams = new Seams(settings.key);
  }

  /** Yields the items of each page that are to be read; nothing for a page without such items. */
  async *read(): AsyncGenerator<Placed<T>[]> {
    const { lag } = this.#settings;
    const from = this.#from;
    if (from === undefined) return yield* this.#readOn(this.#settings.paging.start);
    const { token, again = token } = from;
    if (lag > 0) yield* this.#readOn(again, this.#overlap(from));
    else if (from.key !== undefined) yield* this.#readOn(token, this.#search(from));
    else yield* this.#readOn(token, this.#drop(from));
  }

  /** Reads page after page. `resume` picks the items of each page until it returns nothing. */
  async *#readOn(
    start: PageToken,
    resume?: (page: OpenPage<T>, isLast: boolean) => Placed<T>[] | undefined,
  ): AsyncGenerator<Placed<T>[]> {
    for (let token = start;;) {
      const page = await this.#open(token);
      const after = this.#afterOf(page);
      const isLast = "token" in after && after.token === null;
      const items = resume?.(page, isLast) ?? this.#placed(page);
      if (items.length > 0) yield items;
      if ("error" in after) throw after.error; // What came before it is given.
      if (isLast) return;
      token = after.token;
    }
  }

  /** Drops the finished items of the page that contains the position. */
  #drop({ index }: PagePosition): (page: OpenPage<T>) => Placed<T>[] {
    let left = index;
    return (page) => {
      const items = this.#placed(page, left);
      left = -1;
      return items;
    };
  }

  /** Drops all up to the item of the position, which may have moved to a later page. */
  #search({ key, index }: PagePosition) {
    let held: Placed<T>[] | undefined = []; // In case that it is not found any more.
    let pages = 0;
    return (page: OpenPage<T>, isLast: boolean): Placed<T>[] | undefined => {
      if (held === undefined) return undefined;
      const keys = page.items.map((item, at) => this.#seams.key(item, at, page.name));
      const found = keys.lastIndexOf(key!);
      if (found < 0) {
        held.push(...this.#placed(page, pages === 0 ? index : -1));
        if (++pages < PAGES_REMEMBERED && !isLast) return [];
      }
      const items = found < 0 ? held : this.#placed(page, found);
      held = undefined;
      return items;
    };
  }

  /**
   * Yields finished items again, at the old position, so that a crash never loses that position.
   */
  #overlap(from: PagePosition) {
    let pages: number | undefined = 0;
    return (page: OpenPage<T>): Placed<T>[] | undefined => {
      if (pages === undefined) return undefined;
      const isReached = same(page.token, from.token);
      if (++pages > this.#settings.lag + 1) pages = undefined; // It is not on the way any more.
      const items = this.#placed(page);
      if (pages === undefined) return items;
      if (isReached) pages = undefined;
      return items.map((placed) =>
        isReached && placed.position.index > from.index ? placed : { ...placed, position: from }
      );
    };
  }

  /** The items of a page above an index that were on no page before, at their places. */
  #placed({ token, items, fresh, name }: OpenPage<T>, finished = -1): Placed<T>[] {
    const { key } = this.#settings;
    const [again] = this.#behind;
    const place = { token, ...(this.#behind.length > 1 && { again }) };
    return fresh.filter((index) => index > finished).map((index) => {
      const item = items[index]!;
      const position = { ...place, index };
      if (key === undefined) return { item, position };
      return { item, position: { ...position, key: this.#seams.key(item, index, name) } };
    });
  }

  async #open(token: PageToken): Promise<OpenPage<T>> {
    const { channel, retry: rules, items, total, body: bodyOf, lag } = this.#settings;
    const { attemptTimeout, ...settings } = rules;
    const answer = await retry(async ({ attempt, signal }) => {
      if (attempt > 1) this.#listener.onRetry();
      await whenAllowed(channel, signal);
      return await withDeadline(
        async (signal) => {
          const request = await requestFor(this.#settings, token, signal);
          const response = await send(channel, request);
          if (!response.ok) throw await errorOf(request, response);
          return { request, response, body: await read(request, response, bodyOf) };
        },
        attemptTimeout,
        signal,
        () => {},
      ); // One that is late is not waited for.
    }, { ...settings, signal: this.#signal });
    const { request, response, body } = answer;
    const name = shown(request.url);
    const found: unknown = typeof items === "string" ? valueAt(body, items) : items(body, response);
    const list = found ?? (response.status === 204 ? [] : found);
    if (!Array.isArray(list)) throw new TypeError(noList(name, items, list));
    const size = Number(totalOf(total, response, body));
    if (size >= 0) this.#listener.onTotal(size);
    this.#behind.push(token);
    if (this.#behind.length > lag + 1) this.#behind.shift();
    const fresh = this.#seams.fresh(list, name);
    return { token, request, response, body, name, items: list, size: list.length, fresh };
  }

  /** Returns the token of the next page, or the error that prevents reading on. */
  #afterOf(page: OpenPage<T>): { token: PageToken } | { error: unknown } {
    try {
      const token = this.#settings.paging.after(page);
      if (token !== null && (same(token, page.token) || this.#circles.isRepeated(token))) {
        throw new Error(`Page ${page.name} leads back to a page that was read: ${inWords(token)}`);
      }
      return { token };
    } catch (error) {
      return { error };
    }
  }
}

/** Reads pages as an iterator whose end, or whose signal, ends the request in flight. */
export function iteratorOf<T, R>(
  begin: (signal: AbortSignal) => PageReader<T>,
  signal: AbortSignal | undefined,
  give: (placed: Placed<T>) => R,
): AsyncIterator<R[]> {
  const controller = new AbortController();
  const generate = async function* () {
    const unfollow = onAbort(signal, (reason) => controller.abort(reason));
    try {
      for await (const page of begin(controller.signal).read()) yield page.map(give);
    } finally {
      unfollow();
    }
  };
  const pages = generate();
  return {
    next: () => pages.next(),
    return: () => {
      controller.abort(new DOMException("The source was cancelled", "AbortError"));
      return pages.return(undefined);
    },
  };
}

function same(token: PageToken, other: PageToken): boolean {
  return JSON.stringify(token) === JSON.stringify(other);
}

function noList(page: string, items: unknown, value: unknown): string {
  const where = typeof items === "string" ? ` at ${items}` : ""; // Else a function has given it.
  return `Page ${page} needs an array of items${where}: current value is ${inWords(value)}`;
}

function totalOf(total: PagesSettings<never>["total"], response: Response, body: unknown): unknown {
  if (total === undefined) return undefined;
  if (typeof total === "string") return valueAt(body, total as JsonPath);
  return typeof total === "function"
    ? total(response, body)
    : response.headers.get(total.header) ?? undefined;
}
