import { describe, expect, it } from "vitest";
import { addDrift } from "../../src/sql/drift.ts";

describe("addDrift()", () => {
  it("counts by table and property", () => {
    const total: Record<string, number> = { "user.nick": 2 };
    addDrift(total, "user", { nick: 1, age: 3 });
    addDrift(total, "post", { nick: 5 });
    expect(total).toEqual({ "user.nick": 3, "user.age": 3, "post.nick": 5 });
  });
});
