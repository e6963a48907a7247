import type { InputStart, NamedInput } from "../../bytes/input.ts";
import { isOf, messageOf } from "../../errors.ts";
import {
  anyObject,
  checkOptions,
  fail,
  nonEmptyString,
  type OptionTable,
  positiveInteger,
  type Rule,
} from "../../options.ts";
import { retry, type RetryOptions, retryOptions, type RetrySettings } from "../../retry/retry.ts";
import { mayPass, ObjectError } from "./object-error.ts";
import type { R2Bucket } from "./r2-store.ts";
import type { ObjectStore } from "./store.ts";
import { storeOf } from "./store-of.ts";

/** Options of `readObject`. */
export interface ReadObjectOptions {
  /** Place to resume after an earlier run: nothing before it is requested. */
  readonly from?: InputStart | undefined;
  /** The expected size of the object in bytes; any other size is an error. @default {any} */
  readonly size?: number | undefined;
  /** The expected version of the object, as its store names it; any other is an error. @default {any} */
  readonly etag?: string | undefined;
  /**
   * Retries of a broken connection, starting at the missing byte. Each byte received resets the number of
   * attempts.
   *
   * @default {{ maxAttempts: 5 }}
   */
  readonly retry?: RetryOptions | undefined;
}

const action = "read an object";
const startRule: Rule = {
  expected: "{ byte, line } with whole numbers, byte from 0 and line from 1",
  test: (value) => {
    const { byte, line } = Object(value) as { [K in keyof InputStart]?: unknown };
    return Number.isSafeInteger(byte) && (byte as number) >= 0 && Number.isSafeInteger(line) &&
      (line as number) > 0;
  },
};
/** Optional options. */
type Open = Exclude<keyof ReadObjectOptions, "retry">;

const optionTable: OptionTable<ReadObjectOptions> = {
  from: [startRule],
  size: [positiveInteger],
  etag: [nonEmptyString],
  retry: [anyObject, {}],
};

/**
 * Opens an object of a store for `readCsv`, `readNdjson` and the other readers. It is requested when
 * reading starts. If the connection breaks, reading resumes at the missing byte. If the object was
 * replaced in between, reading fails.
 *
 * @throws {ConfigurationError} If an argument breaks its rule. Reading fails with an `ObjectError` if
 *   there is no such object, or it has changed while it was read.
 *
 * @example A table of a folder
 * ```ts
 * import { batched } from "millrace";
 * import { readCsv } from "millrace/csv";
 * import { folderStore, readObject } from "millrace/object";
 * import { deepEqual } from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const store = folderStore(mkdtempSync(`${tmpdir()}/objects-`));
 * await store.put("users/1.csv", new TextEncoder().encode("id,name\n1,Ada\n"));
 * const rows = readCsv(readObject(store, "users/1.csv"));
 * deepEqual(await Array.fromAsync(batched(rows)), [[{ id: "1", name: "Ada" }]]);
 * ```
 */
export function readObject(
  store: ObjectStore | R2Bucket,
  key: string,
  options: ReadObjectOptions = {},
): NamedInput {
  const objects = storeOf(action, store);
  if (!nonEmptyString.test(key)) fail(action, "key", nonEmptyString.expected, key);
  const { from, size, etag, retry: given } = checkOptions<ReadObjectOptions, Open>(
    action,
    options,
    optionTable,
  );
  const rules = checkOptions<RetryOptions, "isRetriable">(action, given, {
    ...retryOptions,
    maxAttempts: [retryOptions.maxAttempts[0], 5],
  });
  const start = from && { byte: from.byte, line: from.line };
  const content = () => {
    return new ObjectReader(objects, key, start?.byte ?? 0, { size, etag }, rules).stream();
  };
  return { name: key, content, ...(start && { from: start }) };
}

/** One reading of an object. */
class ObjectReader {
  readonly #store: ObjectStore;
  readonly #key: string;
  readonly #rules: RetrySettings;
  readonly #stop = new AbortController();
  #offset: number;
  #size: number | undefined;
  #etag: string | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(
    store: ObjectStore,
    key: string,
    offset: number,
    { size, etag }: Pick<ReadObjectOptions, "size" | "etag">,
    rules: RetrySettings,
  ) {
    this.#store = store;
    this.#key = key;
    this.#offset = offset;
    this.#size = size;
    this.#etag = etag;
    this.#rules = { ...rules, isRetriable: rules.isRetriable ?? mayPass };
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        const bytes = await this.#read();
        if (bytes !== undefined) return controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
        controller.close();
      },
      cancel: async (reason) => {
        this.#stop.abort(reason);
        await this.#close(reason);
      },
    }, { highWaterMark: 0 });
  }

  /** The next bytes, never none; `undefined` at the end. */
  async #read(): Promise<Uint8Array | undefined> {
    try {
      return await retry(() => this.#tryToRead(), { ...this.#rules, signal: this.#stop.signal });
    } catch (error) {
      await this.#close(error);
      if (this.#stop.signal.aborted || isOf(error, ObjectError)) throw error;
      throw this.#error(messageOf(error), error);
    }
  }

  async #tryToRead(): Promise<Uint8Array | undefined> {
    try {
      this.#reader ??= await this.#open();
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#offset += value.length;
        if (value.length > 0) return value;
      }
    } catch (error) {
      await this.#close(error);
      throw error;
    }
    if (this.#offset >= this.#size!) return undefined;
    this.#reader = undefined;
    throw new Error(`the connection ended at byte ${this.#offset} of ${this.#size}`);
  }

  async #open(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const { signal } = this.#stop;
    const found = await this.#store.get(this.#key, { from: this.#offset, signal });
    if (found === undefined) throw this.#error("there is none");
    const { etag, size, body } = found;
    const reader = body.getReader();
    this.#reader = reader; // Which is closed with the rest.
    if (this.#etag !== undefined && etag !== this.#etag) {
      throw this.#error(`it was replaced while it was read, at byte ${this.#offset}`);
    }
    this.#etag = etag;
    if (this.#size !== undefined && size !== this.#size) {
      throw this.#error(`it has ${size} bytes, and has to have ${this.#size}`);
    }
    if (this.#offset > size) {
      throw this.#error(`reading begins at byte ${this.#offset}, and it has ${size}`);
    }
    this.#size = size;
    return reader;
  }

  async #close(reason: unknown): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.cancel(reason).catch(() => {}); // It has failed already, and that is told.
  }

  #error(told: string, cause?: unknown): ObjectError {
    return new ObjectError(`Cannot read object ${JSON.stringify(this.#key)}: ${told}`, { cause });
  }
}
