import { describe, expect, it, vi } from "vitest";
import { etl, type RunBudget } from "../../src/index.ts";

describe("the option `budget`", () => {
  it.each([
    [
      {},
      "'budget' must be an object with 'duration', 'items' or 'batches': current value is an object",
    ],
    [{ items: undefined }, "'budget' must be an object with 'duration', 'items' or 'batches'"],
    [5000, "'budget' must be an object: current value is 5000"],
    [{ duration: 0 }, "'duration' must be a number above 0: current value is 0"],
    [{ items: 1.5 }, "'items' must be a positive integer or Infinity: current value is 1.5"],
    [{ batches: -1 }, "'batches' must be a positive integer or Infinity: current value is -1"],
    [{ batch: 1 }, "'batch' must be a known option, perhaps 'batches': current value is 1"],
  ] as [RunBudget, string][])("refuses %j before anything is called", (budget, words) => {
    const extract = vi.fn(() => []);
    const copy = etl({ name: "copy", extract, load: () => {} });
    expect(() => copy.start({ budget })).toThrow(`Cannot run pipeline "copy" as ${words}`);
    expect(() => etl(copy.pipeline, { budget })).toThrow(words);
    expect(extract).not.toHaveBeenCalled();
  });
});
