import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.ts";
import { withError, withThrown } from "../../src/retry/attempt-errors.ts";

describe("withError()", () => {
  it("keeps the first ten and the last ten", () => {
    let errors: readonly unknown[] = [];
    for (let attempt = 1; attempt <= 25; attempt++) errors = withError(errors, attempt);
    const last = [16, 17, 18, 19, 20, 21, 22, 23, 24, 25];
    expect(errors).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...last]);
  });
});

describe("withThrown()", () => {
  it("lists what was thrown last, but first that no boolean was given", () => {
    expect(withThrown(["down"], "broken")).toEqual(["down", "broken"]);
    const refused = new ConfigurationError("no boolean");
    expect(withThrown(["down"], refused)).toEqual([refused, "down"]);
  });
});
