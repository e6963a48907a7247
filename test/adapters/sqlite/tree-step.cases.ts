import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SqliteDatabase, sqliteSink } from "../../../src/adapters/sqlite.ts";
import { etl } from "../../../src/etl/etl.ts";
import { Model, moves, rowOf, tables, tree } from "../../support/sinks/user-trees.ts";
import { databasesOf, rowsOf, type SqliteClient } from "../../support/sqlite/client.ts";
import { seeded } from "../../support/streams/schedules.ts";

const schema = `pragma foreign_keys = on;
  create table user (id integer primary key, name text);
  create table post (id integer primary key, user_id integer not null references user, title text
    check (title <> 'bad'));
  create table tag (post_id integer not null references post, tag text);
  create table comment (id integer primary key, post_id integer not null references post, body text);
  create table note (id integer primary key, user_id integer not null references user, note text)`;

function contentsOf(db: SqliteDatabase): string[] {
  return Object.keys(tables).flatMap((table) =>
    rowsOf(db, `select * from ${table}`).map((row) =>
      [table, ...Object.values(row as object)].join(" ")
    )
  ).sort();
}

/** A database whose statements fail now and then. */
function failing(db: SqliteDatabase, fails: () => boolean): SqliteDatabase {
  return {
    exec: (sql) => db.exec(sql),
    prepare(sql) {
      const statement = db.prepare(sql);
      if (!/^(insert into|delete from) "/.test(sql)) return statement;
      const run = statement.run.bind(statement);
      statement.run = (...values) => {
        if (fails()) throw new Error("now and then");
        return run(...values);
      };
      return statement;
    },
  };
}

/** What random rows leave in tables that hang together. */
export function testSqliteSteps(client: SqliteClient): void {
  describe("sqliteSink(): tables with random rows", () => {
    const databases = databasesOf(client);
    const params = { seed: seeded.seed!, numRuns: 60 };

    it("hold what the rows one after the other make, whole or not at all", async () => {
      const failures = fc.infiniteStream(fc.integer({ min: 0, max: 39 }));
      const input = fc.tuple(
        ...[fc.array(tree, { maxLength: 20 }), fc.integer({ min: 1, max: 8 }), failures] as const,
      );
      await fc.assert(
        fc.asyncProperty(input, async ([trees, batchSize, failures]) => {
          const own = databases.inMemory(schema);
          const db = failing(own, () => failures.next().value === 0);
          const { load } = sqliteSink(db, { tables });
          const lost = new Set<number>();
          const deadLetters = new WritableStream<{ offset: number }>({
            write: ({ offset }) => void lost.add(offset),
          });
          const extract = () => trees.map(rowOf);
          await etl({ name: "users", extract, load }).run({ batchSize, deadLetters });
          const model = new Model();
          trees.forEach((tree, n) => lost.has(n) ? undefined : model.apply(tree));
          expect(contentsOf(own)).toEqual(model.contents());
        }),
        params,
      );
    });

    it("hold the same where they come in one batch or each in its own", async () => {
      const trees = fc.array(tree, { maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(trees, async (trees) => {
          const good = trees.filter(({ posts }) => posts.every(({ title }) => title !== "bad"));
          const model = new Model();
          good.forEach((tree) => model.apply(tree));
          for (const batchSize of [1, 50]) {
            const db = databases.inMemory(schema);
            const { load } = sqliteSink(db, { tables });
            const extract = () => good.map(rowOf);
            const report = await etl({ name: "users", extract, load }).run({ batchSize });
            expect(report.loaded).toBe(good.length);
            expect(contentsOf(db)).toEqual(model.contents());
          }
        }),
        { ...params, examples: moves },
      );
    });
  });
}
