import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pauseOf } from "../../../src/adapters/http/rate-headers.ts";

const now = Date.UTC(2026, 10, 6, 8, 49, 37);
beforeEach(() => void vi.useFakeTimers({ now }));
afterEach(() => void vi.useRealTimers());

const pause = (status: number, headers: Record<string, string>) =>
  pauseOf(new Response(null, { status, headers }));

describe("the pause that a service asks for", () => {
  it.each([
    ["seconds", { "Retry-After": "2" }, 2000],
    ["an HTTP date", { "Retry-After": "Fri, 06 Nov 2026 08:49:40 GMT" }, 3000],
    ["a date that is past", { "Retry-After": "Fri, 06 Nov 2026 08:49:30 GMT" }, 0],
    ["what is neither", { "Retry-After": "soon" }, undefined],
    ["nothing", {}, undefined],
    ["both, of which it takes the direct one", {
      "Retry-After": "2",
      "ratelimit-remaining": "0",
      "ratelimit-reset": "9",
    }, 2000],
  ])("is that of Retry-After: %s", (_, headers, delay) => {
    for (const status of [429, 503]) {
      expect(pause(status, headers as Record<string, string>)).toBe(delay);
    }
  });

  it.each([
    [{ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30" }, 30_000],
    [{ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": `${now / 1000 + 5}` }, 5000],
    [{ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": `${now + 5}` }, 5],
    [{ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": `${now / 1000 - 5}` }, 0],
    [{ "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "1.5" }, 1500],
    [{ "RateLimit-Remaining": "0", "RateLimit-Reset": "7" }, 7000],
    [{ "RateLimit-Remaining": "0", "RateLimit-Reset": "tomorrow" }, undefined],
    [{ "RateLimit-Remaining": "0" }, undefined],
    [{ "RateLimit-Remaining": "1", "RateLimit-Reset": "7" }, undefined],
    [{ RateLimit: '"default";r=0;t=30' }, 30_000],
    [{ RateLimit: '"default";r=50;t=30' }, undefined],
    [{ RateLimit: "limit=100, remaining=0, reset=4" }, 4000],
    [{ RateLimit: "limit=100, remaining=10, reset=4" }, undefined],
  ])("is that until no request is refused: %j", (headers, delay) => {
    expect(pause(200, headers as unknown as Record<string, string>)).toBe(delay);
  });

  it("is none for an answer that is good, whatever Retry-After says", () => {
    expect(pause(202, { "Retry-After": "60" })).toBeUndefined();
  });
});
