import { describe, expect, it } from "vitest";
import { httpSink, type HttpSinkOptions, isTransient } from "../../../src/adapters/http.ts";
import { etl, MemoryCheckpointStore, RateLimiter, type RunOptions } from "../../../src/index.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";

type Row = { readonly id: number };
const rowsOf = (length: number) => Array.from({ length }, (_, id): Row => ({ id }));

/** A service that answers each post as it is told, else takes it. */
function serviceOf(answers: ((ids: number[], request: Request) => Response | undefined)[] = []) {
  const posts: { ids: number[]; key: string | null }[] = [];
  const fetch = async (request: Request) => {
    const rows: Row[] = await request.clone().json();
    const ids = rows.map(({ id }) => id);
    posts.push({ ids, key: request.headers.get("idempotency-key") });
    return answers.shift()?.(ids, request) ?? new Response(null, { status: 204 });
  };
  return { posts, fetch };
}

const url = "https://api.example/rows";
const letters = () => {
  const kept: unknown[] = [];
  const deadLetters = () => new WritableStream({ write: (letter) => void kept.push(letter) });
  return { kept, deadLetters };
};

function runOf(options: HttpSinkOptions<Row>, run: RunOptions<Row>, length = 4) {
  const { load } = httpSink<Row>(url, options);
  return etl({ name: "rows", extract: () => rowsOf(length), load }).run(run);
}

describe("httpSink", () => {
  it("posts batches as JSON arrays, of 100 rows by default", async () => {
    const { posts, fetch } = serviceOf();
    expect(await runOf({ fetch }, {}, 150)).toMatchObject({
      loaded: 150,
      guarantee: "at-least-once",
    });
    expect(posts.map(({ ids }) => ids.length)).toEqual([100, 50]);
    expect(httpSink(url, { batchSize: 7 }).load.batchSize).toBe(7);
  });

  it("sends method, headers and body as it is told", async () => {
    const seen: unknown[] = [];
    const fetch = async (request: Request) => {
      const { method, headers } = request;
      const names = ["content-type", "x-a", "x-key", "idempotency-key"];
      seen.push(method, ...names.map((name) => headers.get(name)), await request.text());
      return new Response();
    };
    const init = { headers: { "x-a": "1" } };
    await runOf({ fetch, init, method: "PUT", body: "ndjson", idempotencyHeader: "x-key" }, {
      batchSize: 2,
    }, 2);
    expect(seen).toEqual([
      "PUT",
      "application/x-ndjson",
      "1",
      expect.any(String),
      null,
      '{"id":0}\n{"id":1}\n',
    ]);
    seen.length = 0;
    const body = (rows: readonly Row[]) =>
      new URLSearchParams({ ids: rows.map(({ id }) => id).join() });
    await runOf({ fetch, body, idempotencyHeader: false }, { batchSize: 2 }, 2);
    expect(seen).toEqual([
      "POST",
      expect.stringMatching(/^application\/x-www-form/),
      null,
      null,
      null,
      "ids=0%2C1",
    ]);
  });

  it("halves a batch that is too large for the service", async () => {
    const tooLarge = (ids: number[]) =>
      ids.length > 1 ? new Response(null, { status: 413 }) : undefined;
    const { posts, fetch } = serviceOf(Array(9).fill(tooLarge));
    expect(await runOf({ fetch }, { batchSize: 4 })).toMatchObject({ loaded: 4, retries: 0 });
    expect(posts.map(({ ids }) => ids)).toEqual([[0, 1, 2, 3], [0, 1], [0], [1], [2, 3], [2], [3]]);
  });

  it("fails by the status, and what the service says", async () => {
    const { fetch } = serviceOf([() => new Response("no id", { status: 422, statusText: "Nope" })]);
    const { cause } = await errorOf(runOf({ fetch }, { batchSize: 4 })) as Error;
    expect(cause).toMatchObject({
      name: "HttpError",
      status: 422,
      message: "POST https://api.example/rows answered 422 Nope: no id",
    });
  });

  it("has the same key for each attempt, and another one for each batch", async () => {
    const down = () => new Response(null, { status: 500 });
    const { posts, fetch } = serviceOf([down, down]);
    const retry = { load: { maxAttempts: 3, baseDelay: 0, isRetriable: isTransient } };
    expect(await runOf({ fetch }, { batchSize: 2, retry })).toMatchObject({
      loaded: 4,
      retries: 2,
    });
    const keys = posts.map(({ key }) => key);
    expect(keys.slice(1, 3)).toEqual([keys[0], keys[0]]);
    expect(new Set(keys).size).toBe(2);
  });

  it("has the same key in the run after a crash", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const cut = () => {
      throw new TypeError("connection reset");
    };
    const { posts, fetch } = serviceOf([() => undefined, cut]);
    const run = { batchSize: 2, checkpoints };
    expect(await errorOf(runOf({ fetch }, run))).toMatchObject({
      cause: { message: "POST https://api.example/rows was not answered: connection reset" },
    });
    await runOf({ fetch }, run);
    expect(posts).toEqual([
      { ids: [0, 1], key: "rows:0-2" },
      { ids: [2, 3], key: "rows:2-4" },
      { ids: [2, 3], key: "rows:2-4" },
    ]);
  });

  it("heeds Retry-After, and pauses those who share the limiter", async () => {
    const limits = new RateLimiter({ limit: 100, interval: 1 });
    const wait = () => new Response(null, { status: 429, headers: { "Retry-After": "60" } });
    const { fetch } = serviceOf([() => (expect(limits.tryAcquire()).toBe(true), wait())]);
    const retry = { load: { maxAttempts: 1, baseDelay: 0, isRetriable: isTransient } };
    const { cause } = await errorOf(runOf({ fetch, limits }, { batchSize: 4, retry })) as Error;
    expect(cause).toMatchObject({ status: 429, retryAfter: 60_000 });
    expect(limits.tryAcquire()).toBe(false);
  });

  it("ends its request when the load is to end", async () => {
    let signal: AbortSignal | undefined;
    const fetch = (request: Request) => {
      ({ signal } = request);
      return new Promise<never>((_, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      });
    };
    const { cause } = await errorOf(runOf({ fetch }, { batchSize: 4, attemptTimeout: 5 })) as Error;
    expect(cause).toMatchObject({ name: "TimeoutError" });
    expect(signal?.aborted).toBe(true);
  });

  it("rejects with the reason of the signal", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const fetch = async () => {
      controller.abort(reason);
      throw new TypeError("aborted");
    };
    const context = { runId: "run", batch: { sequence: 0, offset: 0, size: 1, attempt: 1 } };
    const load = httpSink(url, { fetch }).load(rowsOf(1), {
      ...context,
      signal: controller.signal,
    });
    expect(await errorOf(load)).toBe(reason);
  });

  it("names rows that JSON cannot hold before anything is sent", async () => {
    const { posts, fetch } = serviceOf();
    const { kept, deadLetters } = letters();
    const { load } = httpSink<unknown>(url, { fetch });
    const circle: { id: number; self?: unknown } = { id: 1 };
    circle.self = circle;
    const extract = (): unknown[] => [{ id: 0 }, circle, { id: 2, n: 5n }, undefined];
    const report = await etl({ name: "rows", extract, load }).run({ batchSize: 4, deadLetters });
    expect(report).toMatchObject({ loaded: 1, deadLettered: 3 });
    expect(kept).toHaveLength(3);
    expect(posts.map(({ ids }) => ids)).toEqual([[0]]);
  });
});

describe("httpSink, where a service takes a batch in part", () => {
  const part = (ids: number[]) =>
    Response.json(ids.map((id) => ({ status: id % 2 === 1 ? 422 : 201 })), { status: 207 });

  it("gives up on the rows that were refused, and sends no other one again", async () => {
    const { posts, fetch } = serviceOf([part]);
    const { kept, deadLetters } = letters();
    const report = await runOf({ fetch }, { batchSize: 4, deadLetters });
    expect(report).toMatchObject({ loaded: 2, deadLettered: 2 });
    expect(posts.map(({ ids }) => ids)).toEqual([[0, 1, 2, 3]]);
    expect(kept).toMatchObject([{ item: { id: 1 } }, { item: { id: 3 } }]);
  });

  it("sends only what is left, under another key, where the batch is tried again", async () => {
    const { posts, fetch } = serviceOf([part]);
    const retry = { load: { maxAttempts: 2, baseDelay: 0, isRetriable: () => true } };
    const checkpoints = new MemoryCheckpointStore();
    await runOf({ fetch }, { batchSize: 4, retry, checkpoints });
    expect(posts.map(({ ids }) => ids)).toEqual([[0, 1, 2, 3], [1, 3]]);
    expect(posts[1]!.key).toMatch(/^rows:0-4:[0-9a-z]{22}$/);
  });

  it("reads the answer as it is told", async () => {
    const { posts, fetch } = serviceOf([() => Response.json({ errors: [{ at: 1, why: "no" }] })]);
    const failures = async (response: Response) => {
      if (response.status === 204) return undefined;
      const { errors } = await response.json() as { errors: { at: number; why: string }[] };
      return errors.map(({ at, why }) => [at, new Error(why)] as const);
    };
    const { kept, deadLetters } = letters();
    expect(await runOf({ fetch, failures }, { batchSize: 4, deadLetters })).toMatchObject({
      loaded: 3,
    });
    expect(posts).toHaveLength(1);
    expect(kept).toMatchObject([{ item: { id: 1 } }]);
  });

  it("sends the rest again where the service has taken none", async () => {
    const refuse = () => Response.json([2], { status: 422 });
    const { posts, fetch } = serviceOf([refuse, refuse]);
    const failures = async (response: Response) =>
      response.ok
        ? undefined
        : (await response.json() as number[]).map((at) => [at, "bad"] as const);
    const { deadLetters } = letters();
    expect(await runOf({ fetch, failures }, { batchSize: 4, deadLetters })).toMatchObject({
      loaded: 2,
    });
    expect(posts.map(({ ids }) => ids)).toEqual([[0, 1, 2, 3], [0, 1, 3], [0, 1]]);
  });

  it("fails by the status where no row is to blame", async () => {
    const { fetch } = serviceOf([() => new Response("all of it", { status: 400 })]);
    const { cause } = await errorOf(
      runOf({ fetch, failures: () => [] }, { batchSize: 4 }),
    ) as Error;
    expect(cause).toMatchObject({ status: 400, message: expect.stringMatching(/: all of it$/) });
  });

  it("refuses an index that no row has, and a 207 that says nothing", async () => {
    const wrong = { fetch: serviceOf().fetch, failures: () => [[4, "no"]] as const };
    expect(await errorOf(runOf(wrong, { batchSize: 4 }))).toMatchObject({
      cause: { message: "'failures' names row 4 of a batch of 4" },
    });
    const { fetch } = serviceOf([() => Response.json({}, { status: 207 })]);
    expect(await errorOf(runOf({ fetch }, { batchSize: 4 }))).toMatchObject({
      cause: {
        message: "Cannot load through httpSink as 'failures' must be given if a 207 is not an " +
          "array with a 'status' for each row: current value is undefined",
      },
    });
  });
});

describe("httpSink refuses", () => {
  const first = "Cannot construct httpSink as";
  it.each<readonly [unknown, unknown, string]>([
    [
      "https://",
      {},
      `${first} 'url' must be a URL: current value is "https://"`,
    ],
    [
      url,
      { bodys: 1 },
      `${first} 'bodys' must be a known option, perhaps 'body': current value is 1`,
    ],
    [
      url,
      { body: "xml" },
      `${first} 'body' must be "json", "ndjson" or a function: current value is "xml"`,
    ],
    [url, { batchSize: 0 }, `${first} 'batchSize' must be a positive integer: current value is 0`],
    [
      url,
      { init: { method: "PUT" } },
      `${first} 'init.method' must be omitted, as 'method' is one: current value is "PUT"`,
    ],
    [
      url,
      { limits: {} },
      `${first} 'limits' must be a RateLimiter, or an array of them: current value is an object`,
    ],
    [
      url,
      { idempotencyHeader: "" },
      `${first} 'idempotencyHeader' must be the name of a header, or false: current value is ""`,
    ],
  ])("%s, %j", (url, options, message) => {
    expect(() => httpSink(url as string, options as HttpSinkOptions<Row>)).toThrow(message);
  });
});
