import { describe, expect, it } from "vitest";
import {
  type ColumnFacts,
  columnsToAdd,
  identityOf,
  readFor,
  shapeOf,
  widened,
} from "../../../src/sql/sqlite/table-shape.ts";

const facts: readonly ColumnFacts[] = [
  { name: "id", pk: 1, hidden: 0 },
  { name: "Name", pk: 0n, hidden: 0n },
  { name: "made", pk: 0, hidden: 2 },
];
const settings = {
  table: "t",
  columns: undefined,
  conflict: "error",
  key: undefined,
  unknown: "error",
} as const;

describe("shapeOf()", () => {
  it("has the columns that are not generated, and the primary key for replacing", () => {
    expect(shapeOf(settings, facts)).toMatchObject({
      target: { table: "t", conflict: "error", key: [] },
      columns: ["id", "Name"],
      primaryKey: ["id"],
    });
    const replacing = shapeOf({ ...settings, conflict: "replace" }, facts);
    expect(replacing.target.key).toEqual(["id"]);
    expect(identityOf(replacing)).toEqual(["id"]);
  });

  it.each(
    [
      [{ table: "t" }, [], "'table' must be an existing table"],
      [{ columns: ["nix"] }, facts, "'columns' must be columns of table \"t\""],
      [
        { columns: ["MADE"] },
        facts,
        "'columns' must be columns that table \"t\" does not generate",
      ],
      [{ conflict: "replace" }, facts.slice(1), "'key' must be given, as it has no primary key"],
      [{ conflict: "replace", columns: ["Name"] }, facts, "'key' must be some of 'columns'"],
    ] as const,
  )("refuses %o", (given, columns, message) => {
    expect(() => shapeOf({ ...settings, ...given }, columns)).toThrow(message);
  });

  it("takes other columns of the table where earlier rows may have had them added", () => {
    const shape = shapeOf({ ...settings, columns: ["ID"], unknown: "add" }, facts);
    expect(shape.columns).toEqual(["ID", "Name"]);
    expect(readFor(shape, [{ ID: 1 }]).failures.size).toBe(0);
    expect(readFor(shape, [{ Name: "a" }]).failures.size).toBe(1);
    const wider = widened(shape, new Set(["more"]));
    expect(readFor(wider, [{ ID: 1, more: 2 }]).groups).toEqual([
      { columns: ["ID", "more"], values: [1, 2] },
    ]);
  });
});

describe("columnsToAdd()", () => {
  it("gives what is not there, and what is wrong with a name by the rows that have it", () => {
    expect(columnsToAdd(facts, ["Name", "new"], []).missing).toEqual(["new"]);
    for (const name of ["name", "made", "NEW", "rowid", ""]) {
      const rows = [{ a: 1 }, { [name]: 2 }];
      const { refused } = columnsToAdd(facts, ["new", name], rows);
      expect([...refused.keys()], name).toEqual([1]);
    }
  });
});
