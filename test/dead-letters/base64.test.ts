import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { base64Of, bytesOf } from "../../src/dead-letters/base64.ts";

const many = Array.from({ length: 300 }, (_, place) => place * 7 % 256);
const texts: [number[], string][] = [
  [[], ""],
  [[0], "AA=="],
  [[255, 255], "//8="],
  [[77, 97, 110], "TWFu"],
  [[251, 239, 190, 1], "++++AQ=="],
  [many, btoa(String.fromCharCode(...many))],
];
const methods = [[Uint8Array.prototype, "toBase64"], [Uint8Array, "fromBase64"]] as const;

describe.each(["as the runtime has it", "without native methods"])("Base64 %s", (which) => {
  const removed: (() => void)[] = [];
  beforeEach(() => {
    for (const [owner, name] of which === "without native methods" ? methods : []) {
      const method = Object.getOwnPropertyDescriptor(owner, name);
      if (method === undefined) continue;
      Object.defineProperty(owner, name, { ...method, value: undefined });
      removed.push(() => Object.defineProperty(owner, name, method));
    }
  });
  afterEach(() => {
    for (const restore of removed.splice(0)) restore();
  });

  it.each(texts)("base64Of() and bytesOf() convert %j", (bytes, text) => {
    expect(base64Of(Uint8Array.from(bytes))).toBe(text);
    expect(bytesOf(text)).toEqual(Uint8Array.from(bytes));
  });

  it.each(["A", "TWF*", "===="])("bytesOf() throws for %j", (text) => {
    expect(() => bytesOf(text)).toThrow();
  });
});
