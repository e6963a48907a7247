/** Options of `put`. */
export interface PutOptions {
  /**
   * If true, stores it only if the key has no object: atomically, even if many callers try at once.
   */
  readonly ifAbsent?: boolean | undefined;
  /** Its media type, which a store may keep. */
  readonly contentType?: string | undefined;
}

/** Options of `get`. */
export interface GetOptions {
  /** The first byte to read. @default {0} */
  readonly from?: number | undefined;
  /** Ends the request, or reading of what it gives. */
  readonly signal?: AbortSignal | undefined;
}

/** An object that was found. */
export interface FoundObject {
  /** Tells what it holds from anything else that its key has held. */
  readonly etag: string;
  /** Bytes of the whole object. */
  readonly size: number;
  /** Its bytes, from `from` on: none if that is its size. */
  readonly body: ReadableStream<Uint8Array>;
}

/** An object in a list. */
export interface ListedObject {
  /** Its key. */
  readonly key: string;
  /** Its bytes. */
  readonly size: number;
}

/**
 * Store of objects, such as `folderStore`, `s3Store` or a bucket of R2, for `objectSink` and
 * `readObject`. You can write another one. Once a call has settled, all later calls of any process
 * see its effect.
 */
export interface ObjectStore {
  /**
   * Keeps an object, whole or not at all; gives `false`, and changes nothing, where `ifAbsent` is asked
   * for and there is one. If it rejects, nobody knows whether the object is there.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<boolean>;
  /** Finds an object; `undefined` where there is none. */
  get(key: string, options?: GetOptions): Promise<FoundObject | undefined>;
  /** All objects whose key begins with a prefix, in any order. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject>;
  /** Removes an object, if there is one. */
  delete(key: string): Promise<void>;
}

/** The text of an object; `undefined` where there is none. */
export async function textIn(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const found = await store.get(key, { signal });
  return found && await new Response(found.body as BodyInit).text();
}
