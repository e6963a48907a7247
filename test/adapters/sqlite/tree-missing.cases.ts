import { describe, expect, it } from "vitest";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import {
  databasesOf,
  plainContext,
  rowsOf,
  type SqliteClient,
} from "../../support/sqlite/client.ts";

/** Keys of a parent and of a child, what three batches have of them, and what is left. */
const cases: [string, key: [string, string], batches: [unknown, unknown[]][][]][] = [
  ["are numbers", ["integer", "integer"], [[[1, [1, 2]], [2, [3]]], [[1, [2, 4]], [2, []]]]],
  ["are numbers in a text", ["text", "text"], [[[1, [1, 2]], [2, [3]]], [["1", ["1", 4]], [
    2,
    [],
  ]]]],
  ["are bytes and bigints", ["blob", "integer"], [
    [[Uint8Array.of(1), [1n, 2n ** 60n]], [Uint8Array.of(2), [3]]],
    [[Uint8Array.of(1), [2n ** 60n, 4]], [Uint8Array.of(2), []]],
  ]],
  ["are texts in any letters", ["text collate nocase", "text collate nocase"], [
    [["a", ["x", "y"]], ["b", ["z"]]],
    [["A", ["Y", "v"]], ["B", []]],
  ]],
  ["come twice", ["integer", "integer"], [[[1, [1, 2]], [2, [3]], [1, [2]]], [[2, []], [1, [3]]]]],
];

/** What of several trees is found to be missing at once. */
export function testSqliteMissing(client: SqliteClient): void {
  describe("sqliteSink(): missing rows of several trees", () => {
    const databases = databasesOf(client);

    it.each(cases)(
      "are those of one after the other where keys %s",
      (_, [parent, child], batches) => {
        const found = [true, false].map((isTogether) => {
          const db = databases.inMemory(`create table p (id ${parent} primary key);
          create table c (p_id ${parent} not null references p, id ${child}, n integer,
            primary key (p_id, id));
          create table d (id ${child} primary key, p_id ${parent} not null references p)`);
          const rest = { missing: "delete", parent: { table: "p", on: { p_id: "id" } } } as const;
          const tables = { p: {}, c: rest, d: rest };
          const { load } = sqliteSink(db, { conflict: "replace", tables });
          for (const batch of batches) {
            const trees = batch.map(([id, ids], n) => ({
              p: { id },
              c: ids.map((id) => ({ id, n })),
              d: ids.map((id) => ({ id })),
            }));
            if (isTogether) load(trees, plainContext);
            else for (const tree of trees) load([tree], plainContext);
          }
          return [
            rowsOf(db, "select quote(id) as id from p order by 1"),
            rowsOf(db, "select quote(p_id) as p, quote(id) as id, n from c order by 1, 2"),
            rowsOf(db, "select quote(id) as id, quote(p_id) as p from d order by 1"),
          ];
        });
        expect(found[0]).toEqual(found[1]);
        expect(found[0]![2]).not.toEqual([]);
      },
    );
  });
}
