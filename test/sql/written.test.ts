import { describe, expect, it } from "vitest";
import type { TableCounts } from "../../src/report-types.ts";
import { Written } from "../../src/sql/written.ts";

const toldOf = (written: Written) => {
  let told: Readonly<Record<string, TableCounts>> | undefined;
  written.tell({ wrote: (counts) => void (told = counts) });
  return told && JSON.stringify(told);
};

describe("Written", () => {
  it("adds up by table what is known, and tells nothing where that is none", () => {
    const written = new Written();
    written.add("a", "deleted", 0);
    written.add("a", "deleted", undefined);
    written.addOf("a", "inserted", 5, undefined);
    expect(toldOf(written)).toBe(undefined);
    written.addOf("a", "inserted", 5, 3);
    written.add("__proto__", "deleted", 1);
    written.addAll({ a: { inserted: 1 } });
    const all = '{"a":{"inserted":4,"unchanged":2},"__proto__":{"deleted":1}}';
    expect(toldOf(written)).toBe(all);
    written.tell({});
  });

  it("begins anew with its transaction", () => {
    const written = new Written();
    written.add("a", "inserted", 1);
    written.clear();
    expect(toldOf(written)).toBe(undefined);
  });
});
