import { describe, expect, it } from "vitest";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import { testDeadLetters } from "../../../src/adapters/testing.ts";
import { decodeItem } from "../../../src/dead-letters/dead-letter-json.ts";
import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";
import { countOf, databasesOf, rowsOf, type SqliteClient } from "../../support/sqlite/client.ts";

const letter: DeadLetter = {
  ...{ item: { id: 7n, at: new Date(0) }, row: [undefined, NaN, "a\0\ud800"], stage: "load" },
  ...{ error: new RangeError("too far"), attempts: 3, pipeline: "users", runId: "one" },
  ...{ offset: 41, at: 1_700_000_000_000 },
};

/** An object that lets nobody look into it. */
const closed: object = new Proxy({}, {
  get() {
    throw new Error("Keep out");
  },
});

/** A letter as it is read by hand. */
function letterIn(row: Record<string, unknown>): DeadLetter {
  return {
    item: decodeItem(row["item"] as string),
    ...(row["row"] !== null && { row: decodeItem(row["row"] as string) }),
    error: decodeItem(row["error"] as string),
    stage: row["stage"] as DeadLetter["stage"],
    attempts: row["attempts"] as number,
    pipeline: row["pipeline"] as string,
    runId: row["run_id"] as string,
    offset: row["item_offset"] as number,
    at: row["at"] as number,
  };
}

/** The table of what was given up on. */
export function testSqliteDeadLetters(client: SqliteClient): void {
  describe("dead letters", () => {
    const databases = databasesOf(client);
    const create = () => {
      const db = databases.inMemory();
      const stream = sqliteSink(db, { table: "t", columns: ["id"] }).deadLetters();
      const sql = "select * from millrace_dead_letter order by id";
      const hasTable = () => countOf(db, "sqlite_master") !== 0;
      const rows = () => (hasTable() ? rowsOf(db, sql) : []) as Record<string, unknown>[];
      return { stream, letters: () => rows().map(letterIn) };
    };
    testDeadLetters(it, { create });
  });

  describe("deadLetters", () => {
    const databases = databasesOf(client);
    const open = () => {
      const db = databases.inMemory();
      const writer = sqliteSink(db, { table: "t", columns: ["id"] }).deadLetters().getWriter();
      return { db, writer };
    };
    type Stored = Record<string, string>;
    const sql = "select * from millrace_dead_letter order by id";

    it("are rows as soon as they are written", async () => {
      const { db, writer } = open();
      await writer.write(letter);
      const [{ item, row, error, ...rest }] = rowsOf(db, sql) as [Stored];
      expect(decodeItem(item!)).toEqual(letter.item);
      expect(decodeItem(row!)).toEqual(letter.row);
      expect(decodeItem(error!)).toMatchObject({ name: "RangeError", message: "too far" });
      expect(rest).toEqual({
        ...{ id: 1, pipeline: "users", run_id: "one", item_offset: 41, stage: "load", attempts: 3 },
        ...{ error_name: "RangeError", error_message: "too far", error_code: null },
        at: 1_700_000_000_000,
      });
      const { row: _, ...rowless } = letter;
      await writer.write({ ...rowless, error: { code: 5 } });
      expect(rowsOf(db, sql)[1]).toMatchObject({
        ...{
          id: 2,
          row: null,
          error_name: null,
          error_code: "5",
          error_message: "[object Object]",
        },
      });
      await writer.close();
    });

    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const strange = [undefined, null, 5n, () => 1, Symbol("s"), circle, closed, "a\0b", "\ud800"];
    it.each(strange.map((value) => [value]))("accept any value (%#)", async (value) => {
      const { db, writer } = open();
      const code = value;
      const error = Object.assign(new Error("a\0\udfff"), { name: "N\0", code });
      await writer.write({ ...letter, item: value, row: value, error });
      await writer.write({ ...letter, item: value, row: value, error: value, pipeline: "p\0" });
      const [first, second] = rowsOf(db, sql) as [Stored, Stored];
      expect(first).toMatchObject({ error_message: "a\\u0000\\udfff", error_name: "N\\u0000" });
      expect(second["pipeline"]).toBe("p\\u0000");
      for (const { item, error } of [first, second]) {
        expect(() => [item!, error!].map(decodeItem)).not.toThrow();
      }
    });

    it("are not part of a transaction of the caller", async () => {
      const { db, writer } = open();
      db.exec("begin");
      writer.closed.catch(() => {});
      await expect(writer.write(letter)).rejects.toThrow("within a transaction");
    });

    it("fail with the error of the database, and nothing is stored", async () => {
      const { db, writer } = open();
      db.exec("create table millrace_dead_letter (other)");
      writer.closed.catch(() => {});
      await expect(writer.write(letter)).rejects.toThrow("no column named pipeline");
      expect(rowsOf(db, "select * from millrace_dead_letter")).toEqual([]);
    });
  });
}
