// Which rows a sink takes, by its columns and tables: compiled by `npm run check:types`, never run.
import type { DuckDBConnection } from "@duckdb/node-api";
import { DatabaseSync } from "node:sqlite";
import { duckdbSink } from "../../src/adapters/duckdb.ts";
import { postgresSink } from "../../src/adapters/postgres.ts";
import {
  type RowsByTable,
  type RowWith,
  type SqliteSink,
  sqliteSink,
  tombstone,
} from "../../src/adapters/sqlite.ts";
import { type Etl, etl, many, skip } from "../../src/index.ts";

/** Whether two types are one, also where each could stand for the other. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
/** The rows that a sink was made for. */
type Taken<Sink> = Sink extends SqliteSink<infer Rows> ? Rows : never;

interface User {
  id: number;
  name: string;
}
class UserClass implements User {
  id = 1;
  name = "Ada";
  get both(): string {
    return `${this.id} ${this.name}`;
  }
}

const db = new DatabaseSync(":memory:");
const ids = [1, 2];
const users: User[] = [];
const parsed: Record<string, unknown>[] = [];
const texts: Record<string, string>[] = [];
const some: string[] = ["id"];
const untyped: ReturnType<typeof JSON.parse> = [];
const name = "users";

const one = sqliteSink(db, { table: "user", columns: ["id", "name"] });
const oneOfPostgres = postgresSink({} as never, { table: "user", columns: ["id", "name"] });
const oneOfDuckdb = duckdbSink({} as never, { table: "user", columns: ["id", "name"] });

/** What is read where the mouse is. */
export const shown: Same<typeof one, SqliteSink<RowWith<"id" | "name">>> = true;
const open = sqliteSink(db, { table: "user" });
export const shownOpen: Same<typeof open, SqliteSink> = true;
const late = sqliteSink(db, { table: "user", columns: some });
export const shownLate: Same<typeof late, SqliteSink> = true;

// Rows with all columns, from wherever they come.
const plain = etl({ name, extract: () => users, load: one.load });
export const plainRows: Same<typeof plain, Etl<User, User>> = true;
const mapped = etl({ name, extract: () => ids, transform: (id) => ({ id, name }), load: one.load });
export const mappedRows: Same<typeof mapped, Etl<number, { id: number; name: string }>> = true;
etl({ name, extract: () => users, load: oneOfPostgres.load });
etl({ name, extract: () => users, load: oneOfDuckdb.load });
etl({ name, extract: () => [new UserClass()], load: one.load });
etl({ name, extract: () => [{ id: 1, name, more: 1 }], load: one.load }); // See `unknown`.
etl({
  name,
  extract: () => ids,
  transform: async (id) => id > 1 ? skip : many([{ id, name }]),
  load: one.load,
});
etl({
  name,
  extract: () => ids,
  transformBatch: (ids) => ids.map((id) => ({ id, name })),
  load: one.load,
});
etl({
  name,
  extract: () => users,
  transform: (user) => user.id > 1 ? tombstone({ id: user.id }) : user,
  load: one.load,
});
etl({ name, extract: () => users, load: (rows, context) => one.load(rows, context) });
etl({ name, extract: () => ids, load: one.wrap((ids: number[], _, load) => load(ids.map(named))) });
function named(id: number): User {
  return { id, name };
}
export function anyUser<T extends User>(rows: T[]): Etl<T, T> {
  return etl({ name, extract: () => rows, load: one.load });
}

// Rows of which nobody knows before the run what they have.
etl({ name, extract: () => parsed, load: one.load });
etl({ name, extract: () => texts, load: one.load });
etl({ name, extract: () => ids, transform: () => parsed[0]!, load: one.load });
etl({ name, extract: () => ids, transform: () => untyped[0], load: one.load });
etl({
  name,
  extract: () => parsed,
  transform: (row) => row["gone"] === true ? tombstone({ id: row["id"] }) : row,
  load: one.load,
});
etl({ name, extract: () => [{ any: 1 }], load: open.load });
etl({ name, extract: () => [{ any: 1 }], load: late.load });
export const kept: SqliteSink = one;
export const copies: typeof one.load = Object.assign(
  (...call: Parameters<typeof one.load>) => one.load(...call),
  one.load,
);

// @ts-expect-error There is no name.
etl({ name, extract: () => ids, transform: (id) => ({ id }), load: one.load });
// @ts-expect-error It is misspelled.
etl({ name, extract: () => ids, transform: (id) => ({ id, nmae: "" }), load: one.load });
// @ts-expect-error There is no name.
etl({ name, extract: () => [{ id: 1 }], load: one.load });
// @ts-expect-error There is no name.
etl({ name, extract: () => [{ id: 1 }], load: oneOfPostgres.load });
// @ts-expect-error There is no name.
etl({ name, extract: () => [{ id: 1 }], load: oneOfDuckdb.load });
// @ts-expect-error A row may have no name.
etl({ name, extract: (): Partial<User>[] => users, load: one.load });
// @ts-expect-error Some of the rows have no name.
etl({ name, extract: () => [{ id: 1 }, { id: 2, name }], load: one.load });
// @ts-expect-error Rows are objects.
etl({ name, extract: () => ids, load: one.load });
// @ts-expect-error There is no name.
etl({ name, extract: () => ids, load: one.wrap((_ids: number[], _, load) => load([{ id: 1 }])) });
// @ts-expect-error The key is none of the columns.
sqliteSink(db, { table: "user", columns: ["id"], conflict: "replace", key: ["di"] });
// @ts-expect-error The key is none of the columns.
postgresSink({} as never, { table: "user", columns: ["id"], conflict: "replace", key: ["di"] });

const tables = {
  user: { columns: ["id", "name"] },
  post: { columns: ["user_id", "title"], parent: { table: "user", on: { user_id: "id" } } },
  tag: {},
} as const;
const trees = sqliteSink(db, { tables });
const treesOfPostgres = postgresSink({} as never, {
  tables: {
    user: { columns: ["id", "name"] },
    post: { columns: ["user_id", "title"], parent: { table: "user", on: { user_id: "id" } } },
    tag: {},
  },
});
const treesOfDuckdb = duckdbSink({} as DuckDBConnection, { tables });
type Needed = RowsByTable<{ user: "id" | "name"; post: "title"; tag: never }>;
export const shownTrees: Same<Taken<typeof trees>, Needed> = true;
etl({
  name,
  extract: () => users,
  transform: (user) => ({ user, post: { title: "On engines" } }),
  load: treesOfDuckdb.load,
});
// @ts-expect-error A post has a title.
etl({ name, extract: () => [{ post: { user_id: 1 } }], load: treesOfDuckdb.load });

// A row, rows or a tombstone for each table; any object where the columns are not given.
const title = "On engines";
const tree = etl({
  name,
  extract: () => users,
  transform: (user) => ({ user, post: [{ title }, { user_id: 2, title }], tag: { any: 1 } }),
  load: trees.load,
});
type Tree = { user: User; post: { title: string; user_id?: number }[]; tag: { any: number } };
export const treeRows: typeof tree extends Etl<User, Tree> ? true : false = true;
etl({
  name,
  extract: () => users,
  transform: (user) => ({ user, post: { title }, tag: [{ any: 1 }, { other: 1 }] }),
  load: treesOfPostgres.load,
});
etl({
  name,
  extract: () => users,
  transform: (user) =>
    user.id > 1
      ? { user: tombstone({ id: 1 }) }
      : { user, post: [tombstone({ id: 1 }), { title }] },
  load: trees.load,
});
etl({
  name,
  extract: (): { user?: User; post?: { title: string } | { title: string }[] }[] => [],
  load: trees.load,
});
etl({ name, extract: () => users, transform: (user) => ({ user: [user] }), load: trees.load });
etl({
  name,
  extract: () => users,
  transform: (user) => ({ user, post: parsed, tag: undefined }),
  load: trees.load,
});
etl({ name, extract: () => parsed, load: trees.load });
export function byName(table: string, columns: string[]): unknown {
  const { load } = sqliteSink(db, {
    tables: { [table]: { columns }, post: { parent: { table, on: { user_id: "id" } } } },
  });
  return etl({ name, extract: () => users, transform: (user) => ({ [table]: user }), load });
}

// @ts-expect-error A user has no name.
etl({ name, extract: () => ids, transform: (id) => ({ user: { id } }), load: trees.load });
// @ts-expect-error So has one in a list of users.
etl({ name, extract: () => ids, transform: (id) => ({ user: [{ id }] }), load: trees.load });
// @ts-expect-error There is no such table.
etl({ name, extract: () => users, transform: (user) => ({ user, psot: [] }), load: trees.load });
// @ts-expect-error There is no title.
etl({ name, extract: () => ids, transform: (id) => ({ post: { user_id: id } }), load: trees.load });
// @ts-expect-error Rows are objects.
etl({ name, extract: () => ids, transform: (id) => ({ tag: id }), load: trees.load });
// @ts-expect-error Rows are objects by table.
etl({ name, extract: () => ids, load: trees.load });
// @ts-expect-error There is no title.
etl({ name, extract: () => users, transform: () => ({ post: {} }), load: treesOfPostgres.load });
// @ts-expect-error The parent is none of the tables.
sqliteSink(db, { tables: { user: {}, post: { parent: { table: "usr", on: { user_id: "id" } } } } });
// @ts-expect-error A table is not its own parent.
sqliteSink(db, { tables: { user: { parent: { table: "user", on: { user_id: "id" } } } } });
postgresSink({} as never, {
  // @ts-expect-error The parent is none of the tables.
  tables: { user: {}, post: { parent: { table: "usr", on: { user_id: "id" } } } },
});
