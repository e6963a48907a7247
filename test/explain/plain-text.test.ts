import { describe, expect, it } from "vitest";
import { fitting, harmless, shortened } from "../../src/explain/plain-text.ts";

describe("text of somebody else", () => {
  it.each([
    ["a\u001b[31mb", "a?[31mb"],
    ["a\nb\u2028c", "a?b?c"],
    ["a\u202eb", "a?b"],
    ["a\ud800b", "a?b"],
    ["👩‍🚀 é", "👩‍🚀 é"],
  ])("harmless(%j) is %j", (text, shown) => expect(harmless(text, "?")).toBe(shown));

  it("is shortened() only if it is longer", () => {
    expect([shortened("abcd", 4), shortened("abcde", 4)]).toEqual(["abcd", "abc…"]);
  });

  it("is cut by fitting() to columns, of which wide characters take two", () => {
    expect(fitting("abcd", 3, "\u1100")).toBe("abc");
    expect(fitting("日本語", 5, "\u1100")).toBe("日本");
    expect(fitting("a😀b", 2, "\u1100")).toBe("a");
    expect(fitting("ab", 9, "\u1100")).toBe("ab");
  });
});
