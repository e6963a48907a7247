import { describe, expect, it } from "vitest";
import { Inserter } from "../../../src/adapters/sqlite/inserter.ts";

/** A database that notes what is prepared and how often that is run, and all values. */
function recorded() {
  const runs = new Map<string, number>();
  const values: unknown[] = [];
  const prepare = (sql: string) => {
    runs.set(sql, 0);
    const run = (...given: unknown[]) => {
      runs.set(sql, runs.get(sql)! + 1);
      values.push(...given);
    };
    return { run, get: () => undefined, all: () => [] };
  };
  return { db: { exec: () => {}, prepare }, runs, values };
}

const rowsIn = (sql: string) => sql.split("(?").length - 1;

describe("Inserter", () => {
  it("writes 100 rows by one statement, and the rest by those of 10 and of 1", () => {
    const { db, runs, values } = recorded();
    const given = Array.from({ length: 2 * 123 }, (_, n) => n);
    new Inserter(db, ["a", "b"], "insert into t (a, b) values ", " returning 1").insert(given);
    expect([...runs].map(([sql, count]) => [rowsIn(sql), count])).toEqual([[100, 1], [10, 2], [
      1,
      3,
    ]]);
    expect([...runs.keys()].at(-1)).toBe("insert into t (a, b) values (?, ?) returning 1");
    expect(values).toEqual(given);
  });

  it("takes at most 2,000 values in a statement, and one row at least", () => {
    for (const [width, largest] of [[300, 6], [3000, 1]] as const) {
      const { db, runs } = recorded();
      const columns = Array.from({ length: width }, (_, n) => `c${n}`);
      new Inserter(db, columns, "", "").insert(Array(width * 13).fill(0));
      expect(Math.max(...[...runs.keys()].map(rowsIn))).toBe(largest);
    }
  });

  it("prepares each statement once, and none that it does not need", () => {
    const { db, runs } = recorded();
    const inserter = new Inserter(db, ["a"], "", "");
    for (let batch = 0; batch < 3; batch++) inserter.insert([1, 2]);
    expect([...runs]).toEqual([["(?)", 6]]);
  });
});
