import { describe, expect, it } from "vitest";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import { type DeadLetter, etl, leased, type RunReport } from "../../../src/index.ts";
import type { TestDatabase } from "../../support/sqlite/client.ts";
import { countOf, databasesOf, rowsOf, type SqliteClient } from "../../support/sqlite/client.ts";

interface Message {
  readonly id: number;
  readonly name: string;
}

const table = "create table output (id integer, name text)"; // What is loaded twice is there twice.
const messages = (...ids: readonly number[]) => ids.map((id): Message => ({ id, name: `n${id}` }));

/** Loads messages that a broker lends. */
function consume(
  db: TestDatabase,
  items: readonly Message[],
  { load }: { load: unknown } = sqliteSink(db, { table: "output" }),
  batchSize = 3,
): Promise<RunReport> {
  const extract = () => leased(items, { acknowledge: () => {}, idOf: ({ id }) => `m${id}` });
  return etl<Message>({ name: "messages", extract, load: load as () => void })
    .run({ batchSize, guarantee: "effectively-once" });
}

/** Deliveries that are committed beside the rows. */
export function testSqliteDeliveries(client: SqliteClient): void {
  describe("deliveries in SQLite", () => {
    const databases = databasesOf(client);
    const ids = "select id from output order by rowid";

    it("are in one commit with their rows, so that none is loaded twice", async () => {
      const db = databases.inMemory(table);
      expect(await consume(db, messages(1, 2, 3, 4))).toMatchObject({
        ...{ guarantee: "effectively-once", loaded: 4, skipped: 0 },
      });
      expect(await consume(db, messages(4, 5, 1, 5, 6))).toMatchObject({ loaded: 2, skipped: 3 });
      expect(rowsOf(db, ids).map((row) => Number((row as Message).id))).toEqual([1, 2, 3, 4, 5, 6]);
      expect(rowsOf(db, "select source, id from millrace_delivery order by id")[0]).toEqual({
        ...{ source: "messages", id: "m1" },
      });
    });

    it("are rolled back with their rows, also where their table was made", async () => {
      const db = databases.inMemory(`${table}; create trigger no before insert on output
        when new.id = 2 begin select raise(abort, 'not 2'); end`);
      const sink = sqliteSink(db, { table: "output" });
      await expect(consume(db, messages(1, 2, 3), sink)).rejects.toThrow("not 2");
      expect(countOf(db, "output")).toEqual(0);
      db.exec("drop trigger no");
      expect(await consume(db, messages(1, 2, 3), sink)).toMatchObject({ loaded: 3 });
    });

    it("blame no other message where the commit fails that made their table", async () => {
      const db = databases.inMemory(
        `pragma foreign_keys = on; create table parent (id integer primary key);
        insert into parent values (2), (3), (4);
        create table output (id integer references parent deferrable initially deferred, name text)`,
      );
      const { load } = sqliteSink(db, { table: "output" });
      const letters: unknown[] = [];
      const deadLetters = new WritableStream<DeadLetter<Message>>({
        write: ({ item }) => void letters.push(item.id),
      });
      const extract = () =>
        leased(messages(1, 2, 3, 4), { acknowledge: () => {}, idOf: ({ id }) => `m${id}` });
      const report = await etl({ name: "messages", extract, load }).run({
        batchSize: 4,
        deadLetters,
      });
      expect([report.loaded, letters]).toEqual([3, [1]]);
      expect(countOf(db, "millrace_delivery")).toEqual(3);
    });

    it("are those of several tables, of a function and of a wrapped load too", async () => {
      const db = databases.inMemory(table);
      const sinks = [
        sqliteSink(db, { write: (tx, rows: readonly Message[]) => tx.insert("output", rows) }),
        { load: sqliteSink(db, { table: "output" }).wrap<Message>((rows, _, load) => load(rows)) },
        {
          load: sqliteSink(db, { table: "output" }).wrap<Message>(async (rows, _, load) =>
            load(rows)
          ),
        },
      ];
      for (const sink of sinks) {
        db.exec("delete from output");
        if (sink !== sinks[0]) db.exec("delete from millrace_delivery");
        expect(await consume(db, messages(1, 2), sink)).toMatchObject({ loaded: 2 });
        expect(await consume(db, messages(2, 3), sink)).toMatchObject({ loaded: 1, skipped: 1 });
        expect(countOf(db, "output")).toEqual(3);
      }
    });

    it("are forgotten after `keepDeliveries` milliseconds", async () => {
      const db = databases.inMemory(table);
      await consume(db, messages(1));
      db.exec("update millrace_delivery set at = at - 5000");
      await consume(db, messages(2), sqliteSink(db, { table: "output", keepDeliveries: 10_000 }));
      expect(countOf(db, "millrace_delivery")).toEqual(2);
      await consume(db, messages(3), sqliteSink(db, { table: "output", keepDeliveries: 1000 }));
      expect(rowsOf(db, "select id from millrace_delivery order by id")).toEqual([
        { id: "m2" },
        { id: "m3" },
      ]);
    });

    it("make no table where nobody has any", async () => {
      const db = databases.inMemory(table);
      const { load } = sqliteSink(db, { table: "output" });
      await etl({ name: "plain", extract: () => messages(1, 2), load }).run();
      expect(rowsOf(db, "select name from sqlite_master where name like 'millrace%'")).toEqual([]);
    });

    it.each([0, -1, 1.5, NaN, "7"])("are kept for a whole time, not for %s", (keepDeliveries) => {
      const db = databases.inMemory(table);
      const options = { table: "output", keepDeliveries: keepDeliveries as number };
      expect(() => sqliteSink(db, options)).toThrow(
        "Cannot construct sqliteSink as 'keepDeliveries' must be ",
      );
    });
  });
}
