import { describe, expect, it } from "vitest";
import { sideBySide } from "../../../../src/adapters/postgres/tables/side-by-side.ts";

describe("sideBySide()", () => {
  it("gives results in order, of a few calls at a time", async () => {
    let running = 0;
    const most: number[] = [];
    const results = await sideBySide([...Array(10).keys()], async (value, place) => {
      most.push(++running);
      for (let turn = 10 - value; turn > 0; turn--) await null;
      running--;
      return value * 10 + place;
    });
    expect(results).toEqual([...Array(10).keys()].map((n) => n * 11));
    expect(Math.max(...most)).toBe(4);
    expect(await sideBySide([], () => Promise.reject(new Error("never")))).toEqual([]);
  });

  it("tells the first failure in that order, once all calls have ended", async () => {
    let ended = 0;
    const all = sideBySide([3, 2, 1], async (value) => {
      for (let turn = value * 5; turn > 0; turn--) await null;
      ended++;
      if (value < 3) throw new Error(`no ${value}`);
    });
    await expect(all).rejects.toThrow("no 2");
    expect(ended).toBe(3);
  });
});
