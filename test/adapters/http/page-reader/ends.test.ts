import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Pages, readPages } from "../../../../src/adapters/http.ts";
import { RateLimiter } from "../../../../src/index.ts";
import { ListApi, type Row } from "../../../support/http/list-api.ts";
import { quickResponse } from "../../../support/http/quick-response.ts";
import { outcomeOf, settle } from "../../../support/outcomes/outcome.ts";
import { CountedSignal } from "../../../support/streams/counted-signal.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { userAgent: "no Worker" }); // There, waiters look again and again.
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const reason = new Error("enough");
const url = "https://api.example/rows";

/** Answers never, but fails as its request is given up. */
function hang(request: Request): Promise<never> {
  return new Promise((_, reject) => {
    request.signal.addEventListener("abort", () => reject(request.signal.reason));
  });
}

function begin(fault: ListApi["fault"], more: object = {}) {
  const api = new ListApi(20);
  api.fault = fault;
  const user = new CountedSignal();
  const pages: Pages<Row> = readPages<Row>(url, {
    ...{ next: { page: "page", size: 10 }, items: "$.data", fetch: api.fetch, signal: user.signal },
    ...more,
  });
  const source = pages.source as AsyncIterable<Row[]>;
  return { api, user, iterator: source[Symbol.asyncIterator]() };
}

const over = { state: "fulfilled", value: { done: true, value: undefined } };

describe("a reading of pages leaves no timer and no listener", () => {
  it("at its end", async () => {
    const { user, iterator } = begin(() => undefined);
    expect(user.listeners).toBe(0);
    const reads = [1, 2, 3].map(() => outcomeOf(iterator.next()));
    await settle();
    expect(reads.map(({ state }) => state)).toEqual(Array(3).fill("fulfilled"));
    expect(reads[2]).toEqual(over);
    expect([user.listeners, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("when a page fails", async () => {
    const { user, iterator } = begin((_, count) =>
      count === 2 ? quickResponse("", { status: 404 }) : undefined
    );
    const reads = [1, 2, 3].map(() => outcomeOf(iterator.next()));
    await settle();
    expect(reads[1]).toMatchObject({ state: "rejected", value: { status: 404 } });
    expect(reads[2]).toEqual(over);
    expect([user.listeners, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it.each([
    ["a request", hang, {}],
    ["a request that does not heed its signal", () => new Promise<never>(() => {}), {}],
    [
      "the next attempt",
      () => quickResponse("", { status: 503, headers: { "retry-after": "9" } }),
      {},
    ],
    ["a limit", () => undefined, { limits: takenLimit() }],
    ["a body", () => Object.assign(quickResponse(""), { json: () => new Promise(() => {}) }), {}],
  ])(
    "when it is cancelled, or its signal aborts, while it waits for %s",
    async (_, fault, more) => {
      for (const end of ["cancel", "signal"]) {
        const { user, iterator } = begin(fault as ListApi["fault"], more);
        const read = outcomeOf(iterator.next());
        await settle();
        expect(read.state).toBe("pending");
        const ended = end === "cancel" ? outcomeOf(iterator.return!()) : user.abort(reason);
        await settle();
        expect(read.state).toBe("rejected");
        if (end === "signal") expect(read.value).toBe(reason);
        else expect([read.value, ended]).toMatchObject([{ name: "AbortError" }, over]);
        expect([user.listeners, vi.getTimerCount()]).toEqual([0, 0]);
      }
    },
  );

  it("when it is cancelled between two pages, or before the first", async () => {
    const { api, user, iterator } = begin(() => undefined);
    await iterator.next();
    expect(user.listeners).toBe(1);
    expect(await iterator.return!()).toEqual(over.value);
    const fresh = begin(() => undefined);
    expect(await fresh.iterator.return!()).toEqual(over.value);
    expect([api.asked.length, fresh.api.asked.length]).toEqual([1, 0]);
    expect([user.listeners, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("when its signal has aborted before", async () => {
    const { api, user, iterator } = begin(() => undefined);
    user.abort(reason);
    const read = outcomeOf(iterator.next());
    await settle();
    expect(read).toEqual({ state: "rejected", value: reason });
    expect([api.asked.length, user.listeners, vi.getTimerCount()]).toEqual([0, 0, 0]);
  });
});

/** A limiter that lets nothing through for a minute. */
function takenLimit(): RateLimiter {
  const limiter = new RateLimiter({ limit: 1, interval: 60_000 });
  limiter.pause(60_000);
  return limiter;
}
