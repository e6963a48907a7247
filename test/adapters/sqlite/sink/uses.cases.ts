import { describe, expect, it } from "vitest";
import { sqliteSink } from "../../../../src/adapters/sqlite.ts";
import { ConfigurationError, FencedError } from "../../../../src/errors.ts";
import { etl } from "../../../../src/etl/etl.ts";
import type { LoadContext } from "../../../../src/pipeline/pipeline.ts";
import {
  databasesOf,
  markedContext,
  rowsOf,
  type SqliteClient,
} from "../../../support/sqlite/client.ts";

interface User {
  readonly id: number;
  readonly name: string;
  readonly orders: readonly { id: number; user_id: number }[];
}

const tables = "create table users (id integer, name text); create table orders (id, user_id)";
const docs: User[] = Array.from({ length: 5 }, (_, id) => ({
  ...{ id, name: `n${id}` },
  orders: [{ id: id * 2, user_id: id }, { id: id * 2 + 1, user_id: id }],
}));
const ordersOf = (docs: readonly User[]) => docs.flatMap(({ orders }) => orders);
const usersOf = (docs: readonly User[]) => docs.map(({ id, name }) => ({ id, name }));

/** What of a load becomes one commit, and what is refused. */
export function testSqliteUses(client: SqliteClient): void {
  describe("two sinks of SQLite in one load", () => {
    const databases = databasesOf(client);
    const made = () => {
      const db = databases.inMemory(tables);
      const users = sqliteSink(db, { table: "users", columns: ["id", "name"] });
      const orders = sqliteSink(db, { table: "orders", columns: ["id", "user_id"] });
      const read = () => ({
        users: rowsOf(db, "select * from users order by id"),
        orders: rowsOf(db, "select * from orders order by id"),
      });
      return { db, users, orders, read };
    };
    const all = { users: usersOf(docs), orders: ordersOf(docs) };

    it("are rejected, and the next runs leave nothing out", async () => {
      const { users, orders, read, db } = made();
      const { checkpoints } = users;
      const both = etl({
        name: "docs",
        extract: () => docs,
        load: (rows: User[], context: LoadContext) => {
          users.load(usersOf(rows), context);
          orders.load(ordersOf(rows), context);
        },
      });
      const asked = both.run({ batchSize: 2, checkpoints, guarantee: "effectively-once" });
      await expect(asked).rejects.toThrow("sink.wrap");
      const failed = both.run({ batchSize: 2, checkpoints });
      await expect(failed).rejects.toMatchObject({ stage: "load", report: { loaded: 0 } });
      await expect(failed).rejects.toThrow(/'tables' or 'write' .* own pipeline/);
      expect((await checkpoints.read("docs"))?.offset ?? 0).toBe(0);
      db.exec("delete from users"); // Without a mark they come again.
      const usersOnly = { name: "docs", extract: () => usersOf(docs), load: users.load };
      await etl(usersOnly).run({ batchSize: 2, checkpoints });
      const ordersOnly = { name: "orders", extract: () => ordersOf(docs), load: orders.load };
      await etl(ordersOnly).run({ batchSize: 2, checkpoints: orders.checkpoints });
      expect(read()).toEqual(all);
    });

    it("take back the mark of the first sink", async () => {
      const { users, orders, read } = made();
      const { checkpoints } = users;
      const load = (rows: User[], context: LoadContext) => {
        users.load(usersOf(rows), context);
        if (context.batch.sequence === 1) orders.load(ordersOf(rows), context);
      };
      const linked = Object.assign(load, users.load);
      const options = { batchSize: 2, checkpoints, position: ({ id }: User) => `after ${id}` };
      const run = etl({ name: "docs", extract: () => docs, load: linked }).run(options);
      await expect(run).rejects.toMatchObject({ cause: expect.any(ConfigurationError) });
      expect(read()).toEqual({ users: all.users.slice(0, 4), orders: [] });
      expect(await checkpoints.read("docs")).toMatchObject({
        ...{ offset: 2, position: "after 1", done: [] },
      });
    });

    it("write all rows without checkpoints", async () => {
      const { users, orders, read } = made();
      const load = (rows: User[], context: LoadContext) => {
        orders.load(ordersOf(rows), context);
        users.load(usersOf(rows), context);
      };
      await etl({ name: "docs", extract: () => docs, load }).run({ batchSize: 2 });
      expect(read()).toEqual(all);
    });

    it("write no row twice if the function around them fails after that", async () => {
      const { users, read } = made();
      let calls = 0;
      const load = (rows: User[], context: LoadContext) => {
        users.load(usersOf(rows), context);
        if (calls++ % 2 === 0) throw new Error("not yet");
      };
      const { checkpoints } = users;
      const retry = { maxAttempts: 2, baseDelay: 0 };
      const report = await etl({ name: "docs", extract: () => docs, load })
        .run({ batchSize: 2, checkpoints, retry });
      expect(report).toMatchObject({ loaded: 5, guarantee: "at-least-once" });
      expect(read().users).toEqual(all.users);
    });

    it("write no row twice if a batch is divided by the function around them", async () => {
      const { users, read } = made();
      const load = (rows: User[], context: LoadContext) => {
        users.load(usersOf(rows), context);
        if (rows.some(({ id }) => id === 3)) throw new Error("not this one");
      };
      const { checkpoints } = users;
      const deadLetters = () => users.deadLetters<User>();
      const report = await etl({ name: "docs", extract: () => docs, load })
        .run({ batchSize: 5, checkpoints, deadLetters });
      expect(report).toMatchObject({ loaded: 4, deadLettered: 1 });
      expect(read().users).toEqual(all.users); // At least once: the row of the letter was there.
      expect(await checkpoints.read("docs")).toMatchObject({ offset: 5 });
    });

    it("fence a run that does not own the key, marked or not", () => {
      const { users, read } = made();
      users.checkpoints.claim("users", { runId: "other", until: 2000 }, 1000);
      const load = (rows: { id: number; name: string }[], context: LoadContext) =>
        users.load(rows, context);
      const context = markedContext([[0, 1]]) as LoadContext;
      expect(() => load([{ id: 1, name: "a" }], context)).toThrow(FencedError);
      expect(read().users).toEqual([]);
    });

    it("commit the rows of a wrapped load together with the mark", async () => {
      const { users, read } = made();
      const { checkpoints } = users;
      let fails = true;
      const load = users.wrap((rows: User[], _, load) => {
        load(usersOf(rows));
        if (fails && rows.some(({ id }) => id === 2)) throw new Error("half-way");
      });
      const pipeline = etl({ name: "docs", extract: () => docs, load });
      const options = { batchSize: 2, checkpoints, guarantee: "effectively-once" } as const;
      await expect(pipeline.run(options)).rejects.toThrow("half-way");
      expect(read().users).toEqual(all.users.slice(0, 2));
      fails = false;
      expect(await pipeline.run(options)).toMatchObject({ loaded: 3 });
      expect(read().users).toEqual(all.users);
    });

    it("are rejected within a wrapped load, and mark nothing", async () => {
      const { users, orders, read } = made();
      const { checkpoints } = users;
      const load = users.wrap((rows: User[], context, load) => {
        load(usersOf(rows));
        try {
          orders.load(ordersOf(rows), context);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError); // And nobody is told.
        }
      });
      const run = etl({ name: "docs", extract: () => docs, load }).run({ checkpoints });
      await expect(run).rejects.toMatchObject({ cause: expect.any(ConfigurationError) });
      expect(read()).toEqual({ users: [], orders: [] });
      expect((await checkpoints.read("docs"))?.offset ?? 0).toBe(0);
    });
  });
}
