import { describe, expect, it } from "vitest";
import { HttpError, isTransient, shown } from "../../../src/adapters/http/http-error.ts";
import { EtlError } from "../../../src/errors.ts";

describe("isTransient", () => {
  it.each([
    [undefined, true],
    [200, true],
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [408, true],
    [422, false],
    [425, true],
    [429, true],
    [500, true],
    [503, true],
  ])("of status %s is %s", (status, is) => {
    expect(isTransient(new HttpError("No", { status }))).toBe(is);
  });

  it("is true of a timeout and of what asks for a pause, and of nothing else", () => {
    const errors = [
      new DOMException("late", "TimeoutError"),
      new HttpError("No", { status: 403, retryAfter: 1 }),
      new TypeError("a bug"),
      undefined,
    ];
    expect(errors.map(isTransient)).toEqual([true, true, false, false]);
  });
});

describe("HttpError", () => {
  it("is an EtlError with what the answer had", () => {
    const cause = new Error("inner");
    const error = new HttpError("No", { status: 503, retryAfter: 7, cause });
    expect(error).toBeInstanceOf(EtlError);
    expect({ ...error, cause: error.cause }).toMatchObject({
      code: "HTTP",
      status: 503,
      retryAfter: 7,
      cause,
    });
  });
});

describe("an address in a message", () => {
  it("has nothing that may be secret", () => {
    expect(shown("https://u:p@api.example/a?page=2&api_key=x&access_token=y&api_key=z#top")).toBe(
      "https://api.example/a?page=2&api_key=***&access_token=***",
    );
    expect(shown("https://api.example/a?page=2")).toBe("https://api.example/a?page=2");
  });
});
