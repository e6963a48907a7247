import { describe, expect, it } from "vitest";
import { Written } from "../../../src/sql/written.ts";
import { KnownTable } from "../../../src/adapters/sqlite/known-table.ts";

type Recorded = ReturnType<typeof recorded>;

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

function tableOf(db: Recorded["db"], columns: readonly string[]): KnownTable {
  const fit = { needsAll: false, unknown: "error" } as const;
  const target = { table: "t", conflict: "error", key: [] } as const;
  return new KnownTable(db, { target, columns, fit, primaryKey: [] });
}

const rowsIn = (sql: string) => sql.split("(?").length - 1;

describe("KnownTable", () => {
  it("writes 100 rows by one statement, and the rest by those of 10 and of 1", () => {
    const { db, runs, values } = recorded();
    const given = Array.from({ length: 2 * 123 }, (_, n) => n);
    const columns = ["a", "b"];
    tableOf(db, columns).insert({ columns, values: given }, new Written());
    expect([...runs].map(([sql, count]) => [rowsIn(sql), count])).toEqual([[100, 1], [10, 2], [
      1,
      3,
    ]]);
    expect([...runs.keys()].at(-1)).toBe('insert into "t" ("a", "b") values (?, ?)');
    expect(values).toEqual(given);
  });

  it("takes at most 2,000 values in a statement, and one row at least", () => {
    for (const [width, largest] of [[300, 6], [3000, 1]] as const) {
      const { db, runs } = recorded();
      const columns = Array.from({ length: width }, (_, n) => `c${n}`);
      tableOf(db, columns).insert({ columns, values: Array(width * 13).fill(0) }, new Written());
      expect(Math.max(...[...runs.keys()].map(rowsIn))).toBe(largest);
    }
  });

  it("prepares each statement once, and none that it does not need", () => {
    const { db, runs } = recorded();
    const columns = ["a"];
    const table = tableOf(db, columns);
    for (let batch = 0; batch < 3; batch++) {
      table.insert({ columns, values: [1, 2] }, new Written());
    }
    expect([...runs]).toEqual([['insert into "t" ("a") values (?)', 6]]);
  });

  it("has a statement for each set of columns, which updates no other one", () => {
    const { db, runs } = recorded();
    const target = { table: "t", conflict: "replace", key: ["id"] } as const;
    const fit = { needsAll: false, unknown: "error" } as const;
    const table = new KnownTable(db, { target, columns: ["id", "a", "b"], fit, primaryKey: [] });
    const { groups } = table.read([{ id: 1, a: 2 }, { id: 3 }, { id: 4, a: 5 }]);
    for (const group of groups) table.insert(group, new Written());
    const found = ' on conflict ("id") do';
    expect([...runs]).toEqual([
      [`insert into "t" ("id", "a") values (?, ?)${found} update set "a" = excluded."a"`, 2],
      [`insert into "t" ("id") values (?)${found} nothing`, 1],
    ]);
  });
});
