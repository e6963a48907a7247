import { describe, expect, it } from "vitest";
import { about, count, counted, percent, time } from "../../src/explain/quantities.ts";

describe("quantities in words", () => {
  it.each([
    [0, "0 %"],
    [1e-9, "< 0.1 %"],
    [0.0004, "< 0.1 %"],
    [0.0005, "0.1 %"],
    [0.004, "0.4 %"],
    [0.0096, "1 %"],
    [0.125, "13 %"],
    [0.9994, "99 %"],
    [0.9996, "> 99.9 %"],
    [1 - 1e-12, "> 99.9 %"],
    [1, "100 %"],
    [1.5, "150 %"],
    [NaN, "–"],
  ])("percent(%d) is %s", (share, text) => expect(percent(share)).toBe(text));

  it.each([
    [0, "0"],
    [0.04, "0"],
    [1.26, "1.3"],
    [9.96, "10"],
    [999.6, "1,000"],
    [1234567.8, "1,234,568"],
    [Infinity, "–"],
  ])("count(%d) is %s", (value, text) => expect(count(value)).toBe(text));

  it.each([[1.26, "1.3"], [999, "999"], [1234, "1,230"], [98_765_432, "98,800,000"]])(
    "about(%d) is %s",
    (value, text) => expect(about(value)).toBe(text),
  );

  it.each([[0, "0 batches"], [1, "1 batch"], [1200, "1,200 batches"]])(
    "counted(%d) is %s",
    (value, text) => expect(counted(value, "batch", "batches")).toBe(text),
  );

  it.each([
    [0, "0 ms"],
    [1.24, "1.2 ms"],
    [999.4, "999 ms"],
    [999.6, "1.00 s"],
    [9994, "9.99 s"],
    [12_340, "12.3 s"],
    [59_960, "1 min 0 s"],
    [3_599_400, "59 min 59 s"],
    [7_500_000, "2 h 5 min"],
    [NaN, "–"],
  ])("time(%d) is %s", (duration, text) => expect(time(duration)).toBe(text));
});
