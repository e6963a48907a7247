/** Options of `put`. */
export interface PutOptions {
  /**
   * If true, the object is stored only if the key has none: atomically, even if many callers try at once.
   */
  readonly ifAbsent?: boolean | undefined;
  /** The media type, which a store may keep. */
  readonly contentType?: string | undefined;
}

/** Options of `get`. */
export interface GetOptions {
  /** The first byte to read. @default {0} */
  readonly from?: number | undefined;
  /** Aborts the request, or the reading of its body. */
  readonly signal?: AbortSignal | undefined;
}

/** An object that was found. */
export interface FoundObject {
  /** Identifies the content among all that the key has had. */
  readonly etag: string;
  /** Size of the whole object in bytes. */
  readonly size: number;
  /** The bytes from `from` on; empty if `from` is the size. */
  readonly body: ReadableStream<Uint8Array>;
}

/** An object in a list. */
export interface ListedObject {
  /** Its key. */
  readonly key: string;
  /** Its size in bytes. */
  readonly size: number;
}

/**
 * An object store, such as `folderStore`, `s3Store` or a bucket of R2, for `objectSink` and `readObject`.
 * You can implement your own. Once a call has settled, all later calls of any process see its effect.
 */
export interface ObjectStore {
  /**
   * Stores an object completely or not at all. With `ifAbsent`, if the object exists, returns `false` and
   * changes nothing. If it rejects, it is unknown if the object was stored.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<boolean>;
  /** Returns an object; `undefined` if there is none. */
  get(key: string, options?: GetOptions): Promise<FoundObject | undefined>;
  /** Lists all objects whose key begins with a prefix, in any order. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject>;
  /** Removes an object, if there is one. */
  delete(key: string): Promise<void>;
}

/** Returns the text of an object; `undefined` if there is none. */
export async function textIn(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const found = await store.get(key, { signal });
  return found && await new Response(found.body as BodyInit).text();
}
