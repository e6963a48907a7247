import { describe, expect, it } from "vitest";
import { idempotencyKeyOf } from "../../../src/adapters/http/idempotency-key.ts";

const info = { sequence: 3, offset: 20, size: 10, attempt: 1 };
const keyOf = (batch: object, text = "[]", isPart = false, runId = "run") =>
  idempotencyKeyOf({ ...info, ...batch }, runId, text, isPart);

describe("the key of a batch", () => {
  it("is made of the places of its items, where there are checkpoints", () => {
    const batch = { key: "users", ranges: [[20, 25, { id: 1 }], [27, 30]] as const };
    const key = keyOf(batch);
    expect(key).toBe("users:20-25,27-30");
    expect(keyOf({ ...batch, attempt: 7, sequence: 0 }, "[1]", false, "later")).toBe(key);
    expect(keyOf({ ...batch, ranges: [[20, 24], [27, 30]] })).not.toBe(key);
  });

  it("fits into a header, whatever the name and however many places", () => {
    const ranges = Array.from({ length: 500 }, (_, n) => [n * 2, n * 2 + 1] as const);
    const key = keyOf({ key: "größen 1:日", ranges });
    expect(key).toMatch(/^[!-~]{1,120}$/);
    expect(keyOf({ key: "größen 1:日", ranges: ranges.slice(1) })).not.toBe(key);
    expect(keyOf({ key: "größen 1:日", ranges: ranges.slice(0, -1) })).not.toBe(key);
  });

  it("is another one for what is left of a batch that was taken in part", () => {
    const batch = { key: "users", ranges: [[20, 30]] as const };
    const keys = [keyOf(batch), keyOf(batch, "[1]", true), keyOf(batch, "[2]", true)];
    expect(new Set(keys).size).toBe(3);
  });

  it("is that of one run otherwise, and of the rows in it", () => {
    const key = keyOf({}, "[1,2]");
    expect(key).toMatch(/^run:3:[0-9a-z]{22}$/);
    expect(keyOf({ attempt: 2 }, "[1,2]")).toBe(key);
    const others = [
      keyOf({}, "[1]"),
      keyOf({}, "[1,2]", false, "b"),
      keyOf({ sequence: 4 }, "[1,2]"),
    ];
    expect(new Set([key, ...others]).size).toBe(4);
  });

  it("differs for 10,000 texts", () => {
    const keys = Array.from({ length: 10_000 }, (_, n) => keyOf({}, `[${n}]`));
    expect(new Set(keys).size).toBe(10_000);
  });
});
