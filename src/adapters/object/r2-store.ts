import type { FoundObject, GetOptions, ListedObject, ObjectStore, PutOptions } from "./store.ts";

/** The subset of a bucket binding of Cloudflare R2 that is used. */
export interface R2Bucket {
  /** Returns the facts about an object. */
  head(key: string): Promise<R2Facts | null>;
  /** Returns an object, from a byte on. */
  get(key: string, options?: { range: { offset: number } }): Promise<R2Found | null>;
  /** Stores an object; returns `null` if the condition does not hold. */
  put(
    key: string,
    value: Uint8Array,
    options?: {
      onlyIf?: { etagDoesNotMatch: string };
      httpMetadata?: { contentType: string };
    },
  ): Promise<unknown>;
  /** Returns a page of the objects whose key begins with a prefix. */
  list(options: { prefix: string; cursor?: string }): Promise<R2Page>;
  /** Removes an object. */
  delete(key: string): Promise<void>;
}

/** Facts about an object in R2. */
export interface R2Facts {
  /** Its key. */
  readonly key: string;
  /** Identifies the content. */
  readonly etag: string;
  /** Its size in bytes. */
  readonly size: number;
}

/** An object in R2. */
export interface R2Found extends R2Facts {
  /** The requested bytes. */
  readonly body: ReadableStream;
}

/** A page of a list. */
export interface R2Page {
  /** The objects. */
  readonly objects: readonly R2Facts[];
  /** True if there are more. */
  readonly truncated: boolean;
  /** Start of the next page. */
  readonly cursor?: string;
}

/**
 * Returns true if a store is a bucket of R2: only its bindings can request the head of an object.
 */
export function isR2Bucket(store: object): store is R2Bucket {
  return typeof (store as { head?: unknown }).head === "function";
}

/** A bucket of R2. */
export class R2Store implements ObjectStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<boolean> {
    const { ifAbsent, contentType } = options;
    const put = await this.#bucket.put(key, bytes, {
      ...(ifAbsent && { onlyIf: { etagDoesNotMatch: "*" } }),
      ...(contentType !== undefined && { httpMetadata: { contentType } }),
    });
    return put !== null;
  }

  async get(key: string, { from = 0 }: GetOptions = {}): Promise<FoundObject | undefined> {
    if (from > 0) {
      const facts = await this.#bucket.head(key);
      // A range without a byte is refused.
      if (facts === null || from >= facts.size) return facts === null ? undefined : noneOf(facts);
    }
    const found = await this.#bucket.get(key, from > 0 ? { range: { offset: from } } : undefined);
    if (found === null) return undefined;
    const { etag, size, body } = found;
    return { etag, size, body };
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    let cursor: string | undefined;
    do {
      const page = await this.#bucket.list({ prefix, ...(cursor !== undefined && { cursor }) });
      for (const { key, size } of page.objects) yield { key, size };
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor !== undefined);
  }

  async delete(key: string): Promise<void> {
    await this.#bucket.delete(key);
  }
}

function noneOf({ etag, size }: R2Facts): FoundObject {
  return { etag, size, body: new Blob([]).stream() };
}
