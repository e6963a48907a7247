import { fail } from "../../options.ts";
import type { PipelineContext } from "../../pipeline/pipeline.ts";
import { Chunks } from "../../streams/chunks.ts";
import { iteratorOf, PageReader, type Placed } from "./page-reader.ts";
import {
  checkPagesOptions,
  checkPosition,
  type FirstPage,
  type PagePosition,
  type PagesOptions,
  type PagesSettings,
} from "./pages-options.ts";

/** An item with its place, as yielded with the option `positions`. */
export interface PositionedItem<T> {
  /** The item. */
  readonly value: T;
  /** Its place. */
  readonly position: PagePosition;
}

/** Run options that resume pages. */
export interface PagesRunOptions<T> {
  /** Returns the place of an item. */
  readonly position: (item: T) => PagePosition;
  /** Makes `pages.extract` itself begin after the position. */
  readonly resume: "source";
}

/** Pages of an API, as a source. Each reading starts at the first page. */
export class Pages<T> extends Chunks<T> {
  /**
   * The `extract` of a pipeline. It resumes after the position in the checkpoint of its run, if there is
   * one. Use it with `...pages.runOptions`.
   */
  readonly extract: (
    context?: Partial<Pick<PipelineContext, "checkpoint" | "signal">>,
  ) => Chunks<T>;
  /**
   * Returns the place of an item that was read.
   * @throws {ConfigurationError} If it was not read from these pages, or if it is not an object and
   *   `positions` is not `true`.
   */
  readonly position: (item: T) => PagePosition;
  /** Returns the total number of items, as the option `total` finds it in the latest response. */
  readonly total: () => number | undefined;
  /** Returns the number of retries in all readings. The report of a run does not include them. */
  readonly retries: () => number;
  /** The run options that resume these pages. Spread them next to `checkpoints`. */
  readonly runOptions: PagesRunOptions<T>;

  /** Created by `readPages`. */
  constructor(settings: PagesSettings<unknown>) {
    const places = new WeakMap<
      object,
      { readonly position: PagePosition; readonly read: object }
    >();
    let total: number | undefined;
    let retries = 0;
    const listener = {
      onTotal: (value: number) => void (total = value),
      onRetry: () => void retries++,
    };
    /** Notes the place of an item. If a reading yields the same item twice, its place is unknown. */
    const noteIn = (read: object) => ({ item, position }: Placed<unknown>): T => {
      if (settings.positions) return { value: item, position } as T;
      if (typeof item !== "object" || item === null) return item as T;
      if (places.get(item)?.read === read) {
        throw new TypeError(
          `Item ${position.index} of a page is an object that was given before: ` +
            "its place can only be told with 'positions: true'",
        );
      }
      places.set(item, { position, read });
      return item as T;
    };
    const open = (from: PagePosition | undefined, signal: AbortSignal | undefined) => {
      const begin = (signal: AbortSignal) => new PageReader(settings, from, signal, listener);
      return { [Symbol.asyncIterator]: () => iteratorOf(begin, signal, noteIn({})) };
    };
    super(open(settings.from, settings.signal));
    this.extract = ({ checkpoint, signal } = {}) =>
      new Chunks(
        open(checkPosition(checkpoint?.position) ?? settings.from, signal ?? settings.signal),
      );
    this.position = (item) => {
      const place = settings.positions
        ? item as PositionedItem<unknown> | undefined
        : places.get(item as object);
      if (place?.position !== undefined) return place.position;
      const rule = settings.positions
        ? "an item of these pages"
        : "an object of these pages, or be read with 'positions: true'";
      fail("tell the position of an item", "item", rule, item);
    };
    this.total = () => total;
    this.retries = () => retries;
    this.runOptions = { position: this.position, resume: "source" };
  }
}

/**
 * Reads the pages of an API: a source for `extract`, with one chunk for each page that has items. Each
 * item knows its place. So a resumed run begins after the last finished item, even in the middle of a
 * page, and requests no earlier page.
 *
 * A page that fails temporarily is requested again, as `retry` says. `Retry-After`, in seconds or as a
 * date, and the headers `X-RateLimit-…` and `RateLimit-…` are respected; they pause everything that
 * shares `limits`. After the last attempt the source fails, once the earlier items are loaded. Cancelling
 * it aborts the request in flight.
 *
 * A service that would never end fails the source: if a page leads back to one that was read, or has the
 * same items as the page before. The error names the page.
 *
 * @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule.
 *
 * @example Pages that are linked, into a pipeline that resumes
 * ```ts
 * import { etl, MemoryCheckpointStore } from "millrace";
 * import { readPages } from "millrace/http";
 * import { deepEqual } from "node:assert/strict";
 *
 * const fetch = async ({ url }: Request) => // In practice, omit it.
 *   url.endsWith("?page=2")
 *     ? Response.json([{ id: 3 }])
 *     : Response.json([{ id: 1 }, { id: 2 }], { headers: { Link: '<?page=2>; rel="next"' } });
 *
 * const pages = readPages<{ id: number }>("https://api.example/users", { next: "link", fetch });
 * const loaded: number[] = [];
 * await etl({
 *   name: "users",
 *   extract: pages.extract,
 *   transform: ({ id }) => id,
 *   load: (ids: number[]) => loaded.push(...ids),
 * }).run({ checkpoints: new MemoryCheckpointStore(), ...pages.runOptions });
 * deepEqual(loaded, [1, 2, 3]);
 * ```
 */
export function readPages<T = unknown>(
  first: FirstPage,
  options: PagesOptions<T> & { readonly positions: true },
): Pages<PositionedItem<T>>;
/** Reads the pages of an API, and yields each item as it is. */
export function readPages<T = unknown>(first: FirstPage, options: PagesOptions<T>): Pages<T>;
export function readPages<T>(
  first: FirstPage,
  options: PagesOptions<T>,
): Pages<T> | Pages<PositionedItem<T>> {
  return new Pages<T>(checkPagesOptions(first, options) as PagesSettings<unknown>);
}
