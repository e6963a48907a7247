import { describe, expect, it } from "vitest";
import { etl } from "../../src/index.ts";

describe("the reasons of dead letters in the report", () => {
  /** The report of a run whose items that `fault` gives an error for are given up on. */
  async function given(count: number, fault: (item: number) => unknown, stage = "load") {
    const check = (item: number) => {
      const error = fault(item);
      if (error !== undefined) throw error;
    };
    return await etl<number>({
      name: "films",
      extract: () => Array.from({ length: count }, (_, index) => index),
      transform: (item) => (stage === "transform" && check(item), item),
      load: ([item]) => stage === "load" ? check(item!) : undefined,
    }).run({ deadLetters: new WritableStream() });
  }

  it.each(["load", "transform"] as const)("are counted by what %s failed with", async (stage) => {
    const report = await given(
      9,
      (n) => n % 3 === 0 ? undefined : new Error(n < 5 ? "a" : "b"),
      stage,
    );
    expect(report.deadLetterReasons).toEqual([
      { message: "a", stage, count: 3, offset: 1 },
      { message: "b", stage, count: 3, offset: 5 },
    ]);
  });

  it.each([
    ["Cannot load row as 'age' must be a number: current value is", ""],
    ["'age' must be a number, in row", ""],
    ["Row", " has no id"],
    ['Cannot load row as invalid input syntax for type integer: "x', '" (row 3)'],
    ['value "', '" is out of range for type integer'],
  ])("group errors that differ only by value or row: %s 17%s", async (before, after) => {
    const { deadLetterReasons } = await given(50, (n) => new Error(`${before} ${n}${after}`));
    expect(deadLetterReasons).toEqual([
      { message: `${before} 0${after}`, stage: "load", count: 50, offset: 0 },
    ]);
  });

  it("distinguish errors by column or constraint", async () => {
    const { deadLetterReasons } = await given(
      4,
      (n) => new Error(`violates "key_${n % 2}" (row ${n})`),
    );
    expect(deadLetterReasons.map(({ count }) => count)).toEqual([2, 2]);
  });

  it("distinguish errors by another number", async () => {
    const { deadLetterReasons } = await given(6, (n) => new Error(`HTTP ${n < 4 ? 404 : 500}`));
    expect(deadLetterReasons.map(({ message, count }) => [message, count]))
      .toEqual([["HTTP 404", 4], ["HTTP 500", 2]]);
  });

  it("are bounded in number and length, the most frequent first", async () => {
    const { deadLetterReasons, deadLettered } = await given(1000, (n) => {
      return new Error(n % 2 ? "often" : "x".repeat(1000).slice(n));
    });
    expect(deadLetterReasons.length).toBeLessThanOrEqual(21);
    expect(Math.max(...deadLetterReasons.map(({ message }) => message.length))).toBe(300);
    expect(deadLetterReasons.reduce((sum, { count }) => sum + count, 0)).toBe(deadLettered);
    expect(deadLetterReasons[0]).toEqual({
      message: "often",
      stage: "load",
      count: 500,
      offset: 1,
    });
  });

  it("sum up the rest in a last one", async () => {
    const { deadLetterReasons } = await given(100, (n) => new Error(`reason ${n % 50}`));
    expect(deadLetterReasons).toHaveLength(21);
    expect(deadLetterReasons.at(-1)).toEqual({
      message: "…others",
      stage: "load",
      count: 60,
      offset: 20,
    });
  });

  it("are empty without dead letters", async () => {
    expect((await given(3, () => undefined)).deadLetterReasons).toEqual([]);
  });
});
