import { describe, expect, it } from "vitest";
import { many, skip, wholeBatch } from "../../src/index.ts";
import { batchResults } from "../../src/pipeline/batch-results.ts";

describe("batchResults()", () => {
  it("gives a copy, without holes", () => {
    const given = [1, , skip, many([1])];
    const results = batchResults("n", given as unknown[], 4);
    expect(results).not.toBe(given);
    expect(results).toStrictEqual([1, undefined, skip, given[3]]);
  });

  it("gives each item of a batch the rows of all", () => {
    const results = batchResults("n", wholeBatch(["a"]), 3);
    expect(results).toHaveLength(3);
    expect(new Set(results)).toHaveLength(1);
  });

  it.each<[unknown, number, string]>([
    [[1, 2], 3, "an array of 2"],
    [[], 1, "an array of 0"],
    [{}, 1, "an object"],
    [many([1]), 1, "an instance of RowsInPlace"],
  ])("refuses %o for %i items", (given, size, words) => {
    expect(() => batchResults("n", given as never, size)).toThrow(
      `Cannot run pipeline "n" as 'transformBatch' must be a function that returns an array of ${size}, ` +
        "one entry for each item ('many(rows)' for several rows, 'skip' for none), or " +
        `'wholeBatch(rows)' for rows of no single item: current value is ${words}`,
    );
  });
});
