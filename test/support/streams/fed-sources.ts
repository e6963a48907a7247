import { chunks, type Source } from "../../../src/index.ts";

/** The kinds of sources. */
export const kinds = ["array", "sync", "async", "stream", "chunked", "chunked stream"] as const;

/** What a source gives, and how it ends. */
export interface Feed<T> {
  readonly items: readonly T[];
  /** @default {"stream"} */
  readonly kind?: typeof kinds[number];
  /** Most items that are given at once. */
  readonly size?: number;
  /** What it fails with after its items. */
  readonly failure?: unknown;
  /** After its items it never answers; a stream alone can be cancelled then. */
  readonly isHeld?: boolean;
}

/** A source that knows what has become of it. */
export class Fed<T> {
  /** What is to be read. */
  readonly source: Source<T>;
  /** It is at its end, has failed or was cancelled. */
  isReleased = false;
  /** It was asked for something. */
  isRead = false;
  /** The most items that were given and not yet asked after. */
  given = 0;
  readonly #feed: Feed<T>;

  /** Makes a source of what is to be given. */
  constructor(feed: Feed<T>) {
    this.#feed = feed;
    const { kind = "stream", items, size = 2 } = feed;
    if (kind === "array") {
      this.isReleased = true; // It holds nothing.
      this.source = items;
    } else if (kind === "sync") this.source = this.#each(1, (items) => items[0]!);
    else if (kind === "chunked") this.source = chunks(this.#each(size, (items) => items));
    else if (kind === "async") this.source = this.#late();
    else if (kind === "stream") this.source = this.#stream(1, (items) => items[0]!);
    else this.source = chunks(this.#stream(size, (items) => items));
  }

  *#each<C>(size: number, chunkOf: (items: T[]) => C): Generator<C> {
    this.isRead = true;
    const { items } = this.#feed;
    try {
      for (let from = 0; from < items.length; from += size) {
        const some = items.slice(from, from + size);
        this.given += some.length;
        yield chunkOf(some);
      }
      if ("failure" in this.#feed) throw this.#feed.failure;
    } finally {
      this.isReleased = true;
    }
  }

  async *#late(): AsyncGenerator<T> {
    for (const item of this.#each(1, ([item]) => item!)) {
      await null;
      yield item;
    }
  }

  #stream<C>(size: number, chunkOf: (items: T[]) => C): ReadableStream<C> {
    const steps = this.#each(size, chunkOf);
    return new ReadableStream<C>({
      pull: (controller) => {
        if (this.#feed.isHeld && this.given === this.#feed.items.length) {
          return new Promise<void>(() => {});
        }
        const { done, value } = steps.next();
        if (done) controller.close();
        else controller.enqueue(value);
        return undefined;
      },
      cancel: () => void (this.isReleased = true),
    }, { highWaterMark: 0 });
  }
}
