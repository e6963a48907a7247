import { describe, expect, it } from "vitest";
import { plainText } from "../../../src/adapters/csv/plain-text.ts";

describe("plainText", () => {
  it("is a text that can stand between fields", () => {
    const values = [";", "\t", "||", "", '"', "\n", "a\r", 1, undefined];
    expect(values.map((value) => plainText.test(value)))
      .toEqual([true, true, true, false, false, false, false, false, false]);
  });
});
