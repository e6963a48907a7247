import { describe, expect, it } from "vitest";
import { keptName, quoteText, tableName } from "../../../src/adapters/postgres/names.ts";

describe("names in PostgreSQL", () => {
  it("are quoted so that any character is only itself", () => {
    expect(tableName("t", undefined)).toBe('"t"');
    expect(tableName("a.t", 's"')).toBe('"s"""."a.t"');
  });

  it.each([["it's", "'it''s'"], ["a\\'b", " E'a\\\\''b'"], ["", "''"]])(
    "quoteText(%j) is %s",
    (text, quoted) => expect(quoteText(text)).toBe(quoted),
  );

  it("keptName() cuts a name after 63 bytes, as the server does, and no character in two", () => {
    expect(keptName("n".repeat(64))).toBe("n".repeat(63));
    expect(keptName("ä".repeat(40))).toBe("ä".repeat(31));
    expect(keptName("€".repeat(21))).toBe("€".repeat(21));
  });
});
