import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type PagesOptions, readPages } from "../../../src/adapters/http.ts";
import { RateLimiter } from "../../../src/index.ts";
import { ListApi, type Row, rowsUpTo } from "../../support/http/list-api.ts";
import { quickResponse } from "../../support/http/quick-response.ts";
import { read } from "../../support/http/read.ts";
import { outcomeOf, pass, settle } from "../../support/outcomes/outcome.ts";

const start = Date.UTC(2026, 10, 6, 8, 49, 37);
beforeEach(() => {
  vi.useFakeTimers({ now: start });
  vi.stubGlobal("navigator", { userAgent: "no Worker" }); // There, waiters look again and again.
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const url = "https://api.example/rows";
const pagesOf = (api: ListApi, more: Partial<PagesOptions<Row>> = {}) =>
  readPages<Row>(url, {
    ...{ next: { page: "page", size: 10 }, items: "$.data", fetch: api.fetch },
    ...{ retry: { baseDelay: 100, jitter: "none" } },
    ...more,
  });

const cut = () => quickResponse('{"data":[{"id":1},{"i');
const broken = () => {
  const json = () => Promise.reject(new TypeError("terminated"));
  return Object.assign(quickResponse(""), { json });
};

describe("a page that fails for a moment", () => {
  it.each([
    ["is answered 500", () => quickResponse("", { status: 500 })],
    ["is answered 429", () => quickResponse("", { status: 429 })],
    ["is not answered", () => Promise.reject(new TypeError("fetch failed"))],
    ["is cut off", cut],
    ["is reset on its way", broken],
  ])("is asked for again where it %s", async (_, fault) => {
    const api = new ListApi(15);
    api.fault = (_, count) => count === 2 || count === 3 ? fault() : undefined;
    const pages = pagesOf(api);
    const rows = outcomeOf(read(pages));
    await settle(99);
    expect(api.asked.length).toBe(2);
    await settle(1);
    expect(api.asked.length).toBe(3);
    await settle(200);
    expect(rows).toMatchObject({ state: "fulfilled", value: [rowsUpTo(10), rowsUpTo(15, 11)] });
    expect(api.asked).toEqual(["/rows?page=1", "/rows?page=2", "/rows?page=2", "/rows?page=2"]);
    expect(pages.retries()).toBe(2);
  });

  it("is given up after a minute, and asked for again", async () => {
    const api = new ListApi(5);
    const signals: AbortSignal[] = [];
    api.fault = ({ signal }, count) => {
      signals.push(signal);
      return count === 1 ? new Promise(() => {}) : undefined;
    };
    const rows = outcomeOf(read(pagesOf(api)));
    await settle(59_999);
    expect([api.asked.length, signals[0]!.aborted]).toEqual([1, false]);
    await settle(1);
    await settle(100);
    expect([api.asked.length, signals[0]!.aborted]).toEqual([2, true]);
    expect(rows.state).toBe("fulfilled");
  });

  it("fails by what it failed with when the attempts are used up", async () => {
    const api = new ListApi(15);
    api.fault = (_, count) => count > 1 ? cut() : undefined;
    const rows = outcomeOf(read(pagesOf(api, { retry: { maxAttempts: 2, baseDelay: 0 } })));
    await settle(1);
    expect(rows).toMatchObject({
      state: "rejected",
      value: {
        name: "HttpError",
        status: 200,
        message: expect.stringMatching(
          /^GET https:\/\/api\.example\/rows\?page=2 answered 200 with a body that cannot be read: ./,
        ),
      },
    });
    expect(api.asked.length).toBe(3);
  });

  it("says why it was not answered", async () => {
    const error = new TypeError("fetch failed", { cause: new Error("ECONNREFUSED 127.0.0.1:1") });
    const fetch = () => Promise.reject(error);
    const rows = outcomeOf(
      read(readPages(url, { next: "link", fetch, retry: { maxAttempts: 1 } })),
    );
    await settle();
    const message = `GET ${url} was not answered: fetch failed: ECONNREFUSED 127.0.0.1:1`;
    expect(rows.value).toMatchObject({ message, cause: error, status: undefined });
  });

  it("is not asked for again where that is of no use", async () => {
    const api = new ListApi(5);
    api.fault = () =>
      quickResponse("", {
        status: 404,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" },
      });
    const rows = outcomeOf(read(pagesOf(api)));
    await settle();
    expect(rows).toMatchObject({
      state: "rejected",
      value: { status: 404, retryAfter: undefined },
    });
    expect(api.asked.length).toBe(1);
  });

  it("is asked for again as the user says", async () => {
    const api = new ListApi(5);
    api.fault = (_, count) => count === 1 ? quickResponse("", { status: 404 }) : undefined;
    const rows = outcomeOf(
      read(pagesOf(api, { retry: { baseDelay: 0, isRetriable: () => true } })),
    );
    await settle(1);
    expect(rows.state).toBe("fulfilled");
  });
});

describe("a pause that the service asks for", () => {
  const refusals = [
    ["seconds", 429, { "retry-after": "5" }],
    ["a date", 503, { "retry-after": "Fri, 06 Nov 2026 08:49:42 GMT" }],
    ["a limit that is used up", 403, {
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": `${start / 1000 + 5}`,
    }],
  ] as const;

  it.each(refusals)("holds back all who share the limiter: %s", async (_, status, headers) => {
    const limits = new RateLimiter({ limit: 100, interval: 1000 });
    const [one, other] = [new ListApi(15), new ListApi(5)];
    one.fault = (_, count) => count === 2 ? quickResponse("", { status, headers }) : undefined;
    const rows = outcomeOf(read(pagesOf(one, { limits })));
    await settle();
    expect(one.asked.length).toBe(2);
    const others = outcomeOf(read(pagesOf(other, { limits: [limits] })));
    await settle(4999);
    expect([one.asked.length, other.asked.length]).toEqual([2, 0]);
    await settle(1);
    expect([rows.state, others.state]).toEqual(["fulfilled", "fulfilled"]);
  });

  it("holds back the next page where no request is left, also without a limiter", async () => {
    const api = new ListApi(15);
    const headers = { "ratelimit-remaining": "0", "ratelimit-reset": "3" };
    api.fault = (_, count) =>
      count === 1 ? quickResponse(JSON.stringify({ data: rowsUpTo(10) }), { headers }) : undefined;
    const rows = outcomeOf(read(pagesOf(api)));
    await settle(2999);
    expect(api.asked.length).toBe(1);
    await settle(1);
    expect(rows.state).toBe("fulfilled");
  });

  it("is cut to maxRetryAfter", async () => {
    const limits = new RateLimiter({ limit: 100, interval: 1000 });
    const api = new ListApi(5);
    api.fault = (_, count) =>
      count === 1
        ? quickResponse("", { status: 503, headers: { "retry-after": "9999" } })
        : undefined;
    const rows = outcomeOf(read(pagesOf(api, { limits, retry: { maxRetryAfter: 1000 } })));
    await settle(1000);
    expect(rows.state).toBe("fulfilled");
  });
});

describe("limits", () => {
  it("let through what each of them allows", async () => {
    const times: number[] = [];
    const api = new ListApi(95);
    api.fault = () => void times.push(performance.now());
    const limits = [
      new RateLimiter({ limit: 2, interval: 100 }),
      new RateLimiter({ limit: 5, interval: 1000 }),
    ];
    const begin = performance.now();
    const rows = outcomeOf(read(pagesOf(api, { limits })));
    await pass(2000);
    expect(rows.state).toBe("fulfilled");
    expect(times.map((time) => Math.round(time - begin)))
      .toEqual([0, 0, 100, 100, 200, 1000, 1000, 1100, 1100, 1200]);
  });

  it("do not count against the time of an attempt", async () => {
    const limits = new RateLimiter({ limit: 1, interval: 1 });
    limits.pause(5000);
    const api = new ListApi(5);
    const rows = outcomeOf(read(pagesOf(api, { limits, retry: { attemptTimeout: 10 } })));
    await settle(5000);
    expect([rows.state, api.asked.length]).toEqual(["fulfilled", 1]);
  });
});
