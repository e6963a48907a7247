/** What a store does to a request in place of what it was asked for. */
export type Fault =
  /** Answers by a status, before it did anything. */
  | { readonly status: number; readonly code?: string; readonly retryAfter?: string }
  /** Does it, and answers by 500. */
  | "answer lost"
  /** Does it, and breaks the connection. */
  | "broken"
  /** Gives some bytes of an object, and breaks the connection. */
  | { readonly bytes: number };

/** How a bucket behaves. */
export interface FakeS3Options {
  /** Most objects in a page of a list. */
  readonly pageSize?: number;
  /** What becomes of a request, told by its method and key. */
  readonly fault?: (request: { method: string; key: string }) => Fault | undefined;
}

interface Stored {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

/**
 * A bucket that speaks as S3 does: conditional puts, ranges, lists by pages, XML. Each request takes
 * effect at once.
 */
export class FakeS3 {
  readonly objects = new Map<string, Stored>();
  readonly requests: { method: string; key: string; headers: Headers }[] = [];
  readonly #pageSize: number;
  readonly #fault: NonNullable<FakeS3Options["fault"]>;
  #version = 0;

  constructor({ pageSize = 10, fault = () => undefined }: FakeS3Options = {}) {
    this.#pageSize = pageSize;
    this.#fault = fault;
  }

  /** Answers a request: the `fetch` of a store whose bucket is `https://s3.example/bucket`. */
  fetch = async (
    url: string,
    init: { method: string; headers: Record<string, string>; body?: Uint8Array },
  ): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    const key = decodeURIComponent(pathname.replace(/^\/bucket\/?/, ""));
    const headers = new Headers(init.headers);
    const { method } = init;
    this.requests.push({ method, key, headers });
    const fault = this.#fault({ method, key });
    if (typeof fault === "object" && "status" in fault) return refusal(fault);
    const response = key === "" && method === "GET"
      ? this.#list(searchParams)
      : this.#answer(method, key, headers, init.body);
    if (fault === "answer lost") return refusal({ status: 500, code: "InternalError" });
    if (fault === "broken") throw new TypeError("fetch failed");
    return fault === undefined ? response : cut(response, fault.bytes);
  };

  #answer(method: string, key: string, headers: Headers, body: Uint8Array = new Uint8Array(0)) {
    const stored = this.objects.get(key);
    if (method === "PUT") {
      const isTaken = headers.get("if-none-match") === "*" && stored !== undefined;
      if (isTaken) return refusal({ status: 412, code: "PreconditionFailed" });
      this.objects.set(key, { bytes: Uint8Array.from(body), etag: `"${++this.#version}"` });
      return new Response(null);
    }
    if (method === "DELETE") {
      this.objects.delete(key);
      return new Response(null, { status: 204 });
    }
    if (stored === undefined) return refusal({ status: 404, code: "NoSuchKey" });
    const { bytes, etag } = stored;
    const [, from] = /^bytes=(\d+)-$/.exec(headers.get("range") ?? "") ?? [];
    if (from === undefined) {
      return new Response(bytes, { headers: { etag, "content-length": `${bytes.length}` } });
    }
    if (Number(from) >= bytes.length) {
      const range = { "content-range": `bytes */${bytes.length}` };
      return new Response("<Error><Code>InvalidRange</Code></Error>", {
        status: 416,
        headers: range,
      });
    }
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    const told = { etag, "content-range": range };
    return new Response(bytes.slice(Number(from)), { status: 206, headers: told });
  }

  #list(query: URLSearchParams): Response {
    const all = [...this.objects].filter(([key]) => key.startsWith(query.get("prefix") ?? "")).sort(
      ([a], [b]) => a < b ? -1 : 1,
    );
    const after = query.get("continuation-token") ?? "";
    const left = all.filter(([key]) => key > after);
    const page = left.slice(0, this.#pageSize);
    const contents = page.map(([key, { bytes }]) =>
      `<Contents><Key>${encodeURIComponent(key).replaceAll("%20", "+")}</Key>` +
      `<Size>${bytes.length}</Size></Contents>`
    );
    const isCut = left.length > page.length;
    const next = escaped(page.at(-1)?.[0] ?? "");
    return new Response(
      `<?xml version="1.0"?><ListBucketResult><IsTruncated>${isCut}</IsTruncated>` +
        `${contents.join("")}${
          isCut ? `<NextContinuationToken>${next}</NextContinuationToken>` : ""
        }</ListBucketResult>`,
    );
  }
}

function refusal(
  { status, code = "Refused", retryAfter }: { status: number; code?: string; retryAfter?: string },
): Response {
  const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  const text = `<Error><Code>${code}</Code><Message>No &amp; no</Message></Error>`;
  return new Response(text, { status, headers });
}

/** The answer, whose connection breaks after some bytes. */
function cut(response: Response, bytes: number): Response {
  const reader = response.body!.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value } = await reader.read();
      if (value !== undefined) controller.enqueue(value.slice(0, bytes));
      controller.error(new TypeError("terminated"));
      await reader.cancel();
    },
  }, { highWaterMark: 0 });
  const { status, headers } = response;
  return new Response(body as BodyInit, { status, headers });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
