import { expect, it } from "vitest";
import { hexOf, hexText } from "../../../src/adapters/postgres/hex.ts";

it("hexOf() writes every byte, with or without the method of the runtime", () => {
  const bytes = Uint8Array.from({ length: 600 }, (_, n) => n).subarray(5, 300);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  expect(hexOf(bytes)).toBe(hex);
  expect(hexText(bytes)).toBe(`\\x${hex}`);
  expect(hexText(new Uint8Array())).toBe("\\x");
});
