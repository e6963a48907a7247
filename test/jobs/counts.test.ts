import { describe, expect, it } from "vitest";
import { addCounts, noCounts } from "../../src/jobs/counts.ts";

const counts = {
  ...{ extracted: 31, loaded: 1, skipped: 2, deadLettered: 4, returned: 8, pending: 16 },
  ...{ earlier: 32, rows: 64 },
};

describe("addCounts()", () => {
  it("adds up each count", () => {
    const twice = Object.entries(counts).map(([name, count]) => [name, 2 * count]);
    expect(addCounts(counts, counts)).toEqual(Object.fromEntries(twice));
    expect(addCounts(noCounts, counts)).toEqual(counts);
  });

  it("takes each count off with a negative sign", () => {
    expect(addCounts(addCounts(counts, counts), counts, -1)).toEqual(counts);
  });
});
