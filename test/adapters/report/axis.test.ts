import { describe, expect, it } from "vitest";
import { count } from "../../../src/explain/quantities.ts";
import { heightAt, ticksOf, timeAxis, valueAxis } from "../../../src/adapters/report/axis.ts";

const wordsOf = (svg: string) => [...svg.matchAll(/>([^<>]+)<\/text>/g)].map(([, words]) => words);

describe("ticksOf()", () => {
  it.each<[number, number, number[]]>([
    [10, 5, [0, 2, 4, 6, 8, 10]],
    [7, 6, [0, 2, 4, 6]],
    [0.3, 5, [0, 0.1, 0.2, 0.3]],
    [1200, 5, [0, 250, 500, 750, 1000]],
    [0, 5, [0]],
    [NaN, 5, [0]],
    [Infinity, 5, [0]],
  ])("of %d in %i parts are round numbers: %j", (most, parts, ticks) => {
    expect(ticksOf(most, parts)).toEqual(ticks);
  });
});

describe("the axes of a picture", () => {
  it.each([
    [500, "500 ms"],
    [90_000, "80 s"],
    [600_000, "10 min"],
    [4 * 3_600_000, "4 h"],
  ])("end at a round time of %i ms: %s", (duration, last) => {
    expect(wordsOf(timeAxis(duration)).at(-1)).toBe(last);
  });

  it("have values at their left, from 0 at the floor to the top", () => {
    expect(wordsOf(valueAxis(4000, count))).toEqual(["0", "1,000", "2,000", "3,000", "4,000"]);
    expect([heightAt(0, 4), heightAt(1, 4), heightAt(4, 4)]).toEqual(["100%", "75%", "0%"]);
  });
});
