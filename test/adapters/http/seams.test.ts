import { describe, expect, it } from "vitest";
import { CircleFinder, Seams } from "../../../src/adapters/http/seams.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

describe("Seams with a key", () => {
  it("leaves out what was on one of the 10 pages before", () => {
    const seams = new Seams<number>((item) => item);
    expect(seams.fresh([1, 2, 3], "a")).toEqual([0, 1, 2]);
    expect(seams.fresh([3, 4, 2, 5], "b")).toEqual([1, 3]);
    for (let page = 0; page < 9; page++) seams.fresh([10 + page], "c");
    expect(seams.fresh([1, 4, 20], "d")).toEqual([0, 2]); // 1 is forgotten, 4 is not.
  });

  it("gives equal items of one page, which are those of the service", () => {
    expect(new Seams<number>((item) => item).fresh([1, 1], "a")).toEqual([0, 1]);
  });

  it("takes 9 pages without anything new, and not 10", () => {
    const seams = new Seams<number>((item) => item);
    seams.fresh([1, 2], "a");
    for (let page = 0; page < 9; page++) expect(seams.fresh([2, 1], "b")).toEqual([]);
    expect(() => seams.fresh([1], "c")).toThrow(
      "Page c is the last of 10 with no item that is new",
    );
  });

  it("forgets nothing for pages that tell nothing", () => {
    const seams = new Seams<string>((item) => item);
    for (const page of [["x"], ...Array(10).fill(["y"])]) seams.fresh(page, "a");
    expect(seams.fresh(["x", "z"], "b")).toEqual([1]);
  });

  it("counts no empty page as one without anything new", () => {
    const seams = new Seams<number>((item) => item);
    for (const _ of range(0, 30)) expect(seams.fresh([], "a")).toEqual([]);
  });

  it.each([undefined, null, NaN, {}])("refuses %s as a key", (key) => {
    expect(() => new Seams(() => key).fresh([1], "a")).toThrow(
      /^Item 0 of page a needs a string or a number as its key: current value is /,
    );
  });
});

describe("Seams without a key", () => {
  it("refuses a page with the items of the page before", () => {
    const seams = new Seams<object>(undefined);
    const page = [{ a: 1 }, { a: 2 }];
    expect(seams.fresh(page, "a")).toEqual([0, 1]);
    page[0]!.a = 7; // A transform may change what it was given.
    expect(() => seams.fresh([{ a: 1 }, { a: 2 }], "b")).toThrow(
      "Page b has the same items as the page before it",
    );
  });

  it("takes other pages, empty ones, and what JSON cannot hold", () => {
    const seams = new Seams<unknown>(undefined);
    for (const page of [[1], [2], [1], [], [], [5n], [5n]]) {
      expect(seams.fresh(page, "a")).toHaveLength(page.length);
    }
  });
});

describe("CircleFinder", () => {
  it.each([[0, 1], [0, 2], [5, 3], [100, 7], [3, 50]])(
    "finds the circle after %i steps, of %i",
    (before, length) => {
      const finder = new CircleFinder();
      const steps = range(0, 1000).map((n) => n < before ? n : before + (n - before) % length);
      const found = steps.findIndex((token) => finder.isRepeated({ token }));
      expect(found).toBeGreaterThanOrEqual(before + length);
      expect(found).toBeLessThan(3 * (before + length) + 3);
    },
  );

  it("finds none where there is none", () => {
    const finder = new CircleFinder();
    expect(range(0, 5000).some((token) => finder.isRepeated(token))).toBe(false);
  });
});
