import { describe, expect, it } from "vitest";
import { DeliveredRows } from "../../../src/adapters/http/delivered-rows.ts";

describe("DeliveredRows", () => {
  it("leaves out what was taken, each as often as it was", () => {
    const rows = new DeliveredRows<string>();
    expect(rows.left("a", ["x", "y"])).toEqual([0, 1]);
    rows.add("a", ["x", "x", "z"]);
    expect(rows.left("a", ["x", "y", "x", "x", "z"])).toEqual([1, 3]);
    expect(rows.left("a", ["x", "y"])).toEqual([1]); // To ask changes nothing.
    expect(rows.left("b", ["x", "y"])).toEqual([0, 1]);
  });

  it("forgets what a load is done with, and keeps the rest", () => {
    const rows = new DeliveredRows<string>();
    rows.finish("a", ["x"]);
    rows.add("a", ["x"]);
    rows.add("a", ["x", "z"]);
    rows.finish("a", ["x", "y"]);
    expect(rows.left("a", ["x", "x", "z"])).toEqual([1]);
    rows.finish("a", ["x", "z"]);
    expect(rows.left("a", ["x", "z"])).toEqual([0, 1]);
  });

  it("forgets the oldest of many batches", () => {
    const rows = new DeliveredRows<number>();
    for (let batch = 0; batch <= 1000; batch++) rows.add(`${batch}`, [1]);
    expect(rows.left("0", [1])).toEqual([0]);
    expect(rows.left("1", [1])).toEqual([]);
  });
});
