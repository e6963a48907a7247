import { describe, expect, it } from "vitest";
import { totalAmount } from "../../src/pipeline/amount.ts";

describe("totalAmount", () => {
  const give = () => 3;
  it.each([[0], [3], [give], [{ bytes: 3 }], [{ bytes: give }]])("takes %s", (value) => {
    expect(totalAmount.test(value)).toBe(true);
  });

  it.each([[-1], [NaN], ["3"], [null], [{}], [{ bytes: -1 }]])("refuses %s", (value) => {
    expect(totalAmount.test(value)).toBe(false);
  });
});
