import { describe, expect, it } from "vitest";
import { itemsDone } from "../../src/jobs/progress.ts";

describe("itemsDone()", () => {
  it("counts what is done, also by runs of which only that is known", () => {
    const counts = {
      extracted: 103,
      loaded: 1,
      skipped: 2,
      deadLettered: 4,
      returned: 16,
      pending: 80,
      earlier: 8,
      rows: 3,
    };
    expect(itemsDone(counts)).toBe(31);
  });
});
