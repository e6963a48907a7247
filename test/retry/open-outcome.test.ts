import { describe, expect, it } from "vitest";
import { isLeftOpen, leaveOpen } from "../../src/retry/open-outcome.ts";

describe("leaveOpen()", () => {
  it("marks the very error, whose properties stay as they are", () => {
    const error = new Error("The connection was lost");
    expect(leaveOpen(error)).toBe(error);
    expect(isLeftOpen(error)).toBe(true);
    expect({ ...error }).toEqual({});
    expect(() => leaveOpen(error), "again").not.toThrow();
  });

  it.each([undefined, null, "gone", 5, Object.freeze(new Error("frozen"))])(
    "wraps %o, which cannot be marked, as the cause of an error that is",
    (given) => {
      const error = leaveOpen(given) as Error;
      expect(error).toMatchObject({ message: "It is unknown whether the batch was loaded" });
      expect(error.cause).toBe(given);
      expect(isLeftOpen(error)).toBe(true);
    },
  );
});

describe("isLeftOpen()", () => {
  it("is false for any other error, and for one that cannot be looked at", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const error of [new Error("no"), undefined, null, "open", proxy]) {
      expect(isLeftOpen(error)).toBe(false);
    }
  });
});
