import { afterEach, expect, it, vi } from "vitest";
import { hexText } from "../../../src/adapters/postgres/hex.ts";

afterEach(() => void vi.unstubAllGlobals());

it("hexText() writes every byte, with or without the methods of the runtime", () => {
  const bytes = Uint8Array.from({ length: 600 }, (_, n) => n).subarray(5, 300);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  expect(hexText(bytes)).toBe(`\\x${hex}`);
  expect(hexText(new Uint8Array())).toBe("\\x");
  vi.stubGlobal("Buffer", undefined);
  const bare = Object.defineProperty(bytes.slice(), "toHex", { value: undefined });
  const text = hexText(bare);
  vi.unstubAllGlobals();
  expect(text).toBe(`\\x${hex}`);
});
