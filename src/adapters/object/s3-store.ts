import { messageOf } from "../../errors.ts";
import { callable, checkOptions, fail, type OptionTable, type Rule } from "../../options.ts";
import { RetryAfterError } from "../../retry/retry-after.ts";
import { retry } from "../../retry/retry.ts";
import { mayPass, ObjectError } from "./object-error.ts";
import type { FoundObject, GetOptions, ListedObject, ObjectStore, PutOptions } from "./store.ts";

/** Signs and sends a request, like `fetch` of an `AwsClient` of aws4fetch. */
export type SignedFetch = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body?: Uint8Array<ArrayBuffer>;
    signal?: AbortSignal;
  },
) => Promise<Response>;

/** Options of `s3Store`. */
export interface S3StoreOptions {
  /** Signs and sends a request. */
  readonly fetch: SignedFetch;
}

const action = "construct s3Store";
const urlRule: Rule = {
  expected: "the http or https address of a bucket, without a query",
  test: (value) => {
    const url = URL.canParse(String(value)) ? new URL(String(value)) : undefined;
    return /^https?:$/.test(url?.protocol ?? "") && url!.search === "" && url!.hash === "";
  },
};
const optionTable: OptionTable<S3StoreOptions> = { fetch: [callable] };

/** Retries of temporary failures; the caller may retry as well. */
const rules = { maxAttempts: 4, baseDelay: 100, maxDelay: 2000, isRetriable: mayPass };

/**
 * A bucket of S3, or of a compatible store that respects `If-None-Match: *` of a put, such as R2 and
 * MinIO; `objectSink` checks that it does. The `fetch` that you pass in signs the requests.
 *
 * A status of 429, 409 or 500 and more, and a broken connection, are retried three times.
 *
 * @param url The bucket, such as `https://name.s3.eu-west-1.amazonaws.com` or
 *   `https://account.r2.cloudflarestorage.com/name`.
 * @throws {ConfigurationError} If an argument breaks its rule.
 *
 * @example Keys and secrets stay with the client that signs
 * ```ts
 * import { s3Store } from "millrace/object";
 * import { equal } from "node:assert/strict";
 *
 * // const client = new AwsClient({ accessKeyId, secretAccessKey }); // Of aws4fetch.
 * const client = { fetch: async (url: string) => new Response(url) };
 * const store = s3Store("https://s3.example/exports", {
 *   fetch: (url) => client.fetch(url),
 * });
 * const found = await store.get("users/manifest.json");
 * equal(await new Response(found?.body).text(), "https://s3.example/exports/users/manifest.json");
 * ```
 */
export function s3Store(url: string | URL, options: S3StoreOptions): ObjectStore {
  if (!urlRule.test(url)) fail(action, "url", urlRule.expected, url);
  const { fetch } = checkOptions(action, options, optionTable) as S3StoreOptions;
  if (fetch === undefined) fail(action, "fetch", callable.expected, fetch);
  return new S3Store(String(url).replace(/\/+$/, ""), fetch);
}

interface Call {
  readonly action: string;
  readonly method: string;
  /** Path after the address of the bucket. */
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
  /** Statuses that are an answer, beside those of success. */
  readonly answers: readonly number[];
}

class S3Store implements ObjectStore {
  readonly #url: string;
  readonly #fetch: SignedFetch;

  constructor(url: string, fetch: SignedFetch) {
    this.#url = url;
    this.#fetch = fetch;
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<boolean> {
    const { ifAbsent, contentType = "application/octet-stream" } = options;
    const response = await this.#ask({
      action: `put object ${JSON.stringify(key)}`,
      method: "PUT",
      path: pathOf(key),
      headers: { "content-type": contentType, ...(ifAbsent && { "if-none-match": "*" }) },
      body: bytes as Uint8Array<ArrayBuffer>,
      answers: ifAbsent ? [412] : [],
    });
    await response.body?.cancel();
    return response.ok;
  }

  async get(
    key: string,
    { from = 0, signal }: GetOptions = {},
  ): Promise<FoundObject | undefined> {
    const response = await this.#ask({
      action: `read object ${JSON.stringify(key)}`,
      method: "GET",
      path: pathOf(key),
      headers: from > 0 ? { range: `bytes=${from}-` } : {},
      signal,
      answers: [404, 416],
    });
    const { status, headers, body } = response;
    if (status === 404 || status === 416) await body?.cancel();
    if (status === 404) return undefined;
    const [, first, whole] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(
      headers.get("content-range") ?? "",
    ) ?? [];
    if (status !== 416 && from > 0 && Number(first) !== from) {
      await body?.cancel();
      const told = "the store gave another part of it than was asked for";
      throw new ObjectError(`Cannot read object ${JSON.stringify(key)}: ${told}`, { status });
    }
    const size = Number(whole ?? headers.get("content-length") ?? NaN);
    const bytes = status === 416 ? null : body;
    return { etag: headers.get("etag") ?? "", size, body: bytes ?? new Blob([]).stream() };
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject> {
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ "list-type": "2", "encoding-type": "url", prefix });
      if (token !== undefined) query.set("continuation-token", token);
      const response = await this.#ask({
        action: `list objects of ${JSON.stringify(prefix)}`,
        method: "GET",
        path: `/?${String(query).replaceAll("+", "%20")}`,
        signal,
        answers: [],
      });
      const text = await response.text();
      for (const [, entry = ""] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const key = decodeURIComponent((textOf(entry, "Key") ?? "").replaceAll("+", "%20"));
        yield { key, size: Number(textOf(entry, "Size")) };
      }
      token = textOf(text, "IsTruncated") === "true"
        ? textOf(text, "NextContinuationToken")
        : undefined;
    } while (token !== undefined);
  }

  async delete(key: string): Promise<void> {
    const response = await this.#ask({
      action: `delete object ${JSON.stringify(key)}`,
      method: "DELETE",
      path: pathOf(key),
      answers: [404],
    });
    await response.body?.cancel();
  }

  /** Makes a request, and retries temporary failures. */
  async #ask({ action, method, path, headers = {}, body, signal, answers }: Call) {
    return await retry(async () => {
      const init = { method, headers, ...(body && { body }), ...(signal && { signal }) };
      const response = await this.#fetch(this.#url + path, init);
      if (response.ok || answers.includes(response.status)) return response;
      throw await refusalOf(action, response);
    }, { ...rules, ...(signal && { signal }) }).catch((error: unknown) => {
      signal?.throwIfAborted();
      if (error instanceof ObjectError) throw error;
      throw new ObjectError(`Cannot ${action}: ${messageOf(error)}`, { cause: error });
    });
  }
}

async function refusalOf(action: string, response: Response): Promise<ObjectError> {
  const { status, headers } = response;
  const text = await response.text().catch(() => ""); // The status says enough.
  const words = [textOf(text, "Code"), textOf(text, "Message")].filter(Boolean).join(": ");
  const told = `the store answered ${status}${words && ` ${words}`}`;
  const { retryAfter } = new RetryAfterError(headers.get("retry-after"));
  return new ObjectError(`Cannot ${action}: ${told}`, { status, retryAfter });
}

/** The text of the first element of a name. Only what has no elements inside is asked for. */
function textOf(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? [];
  return text?.replaceAll(/&(amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);/gi, (_, name: string) => {
    if (!name.startsWith("#")) return entities[name.toLowerCase()]!;
    return String.fromCodePoint(Number(name.replace(/^#x/i, "0x").replace("#", "")));
  });
}

const entities: Readonly<Record<string, string>> = {
  ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" },
};

/** The path of an object, as it is signed: everything is escaped but what never has to be. */
function pathOf(key: string): string {
  const escape = (part: string) =>
    encodeURIComponent(part).replaceAll(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  return `/${key.split("/").map(escape).join("/")}`;
}
