import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SqliteDatabase, sqliteSink, tombstone } from "../../../src/adapters/sqlite.ts";
import { etl } from "../../../src/etl/etl.ts";
import { databasesOf, rowsOf, type SqliteClient } from "../../support/sqlite/client.ts";
import { seeded } from "../../support/streams/schedules.ts";

const schema = `pragma foreign_keys = on;
  create table user (id integer primary key, name text);
  create table post (id integer primary key, user_id integer not null references user, title text
    check (title <> 'bad'));
  create table tag (post_id integer not null references post, tag text);
  create table comment (id integer primary key, post_id integer not null references post, body text);
  create table note (id integer primary key, user_id integer not null references user, note text)`;
const toUser = { table: "user", on: { user_id: "id" } };
const replaced = { conflict: "replace", missing: "delete" } as const;
const tables = {
  user: { conflict: "replace" },
  post: { ...replaced, parent: toUser },
  tag: { ...replaced, parent: { table: "post", on: { post_id: "id" } } },
  comment: { ...replaced, parent: { table: "post", on: { post_id: "id" } } },
  note: { conflict: "replace", parent: toUser }, // Its rows stay.
} as const;

interface Post {
  readonly id: number;
  readonly title: string;
  readonly tags: readonly string[];
  readonly comments: readonly number[];
}
interface Tree {
  readonly id: number;
  readonly name: string;
  readonly posts: readonly Post[];
  readonly notes: readonly { readonly id: number; readonly note: string }[];
  readonly isDeleted: boolean;
}

const word = fc.constantFrom("a", "b", "c");
const tree: fc.Arbitrary<Tree> = fc.record({
  id: fc.integer({ min: 1, max: 3 }),
  name: word,
  posts: fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 5 }),
      title: fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.constant("bad") }),
      tags: fc.array(word, { maxLength: 3 }),
      comments: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
    }),
    { maxLength: 3, selector: ({ id }) => id },
  ),
  notes: fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 5 }), note: word }), {
    ...{ maxLength: 2, selector: ({ id }) => id },
  }),
  isDeleted: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, {
    ...{ weight: 1, arbitrary: fc.constant(true) },
  }),
});

/** A tree of a few posts, with their comments. */
function treeOf(id: number, name: string, posts: Readonly<Record<number, number[]>>): Tree {
  const all = Object.entries(posts)
    .map(([post, comments]) => ({ id: Number(post), title: "a", tags: [], comments }));
  return { id, name, posts: all, notes: [], isDeleted: false };
}

/** A comment moves to a post whose item comes before, or after, the one that it is missing from. */
const moves: [Tree[]][] = [
  [[treeOf(3, "a", { 1: [2] }), treeOf(1, "c", { 2: [2] }), treeOf(3, "a", {})]],
  [[treeOf(1, "a", { 1: [4] }), treeOf(1, "a", { 1: [] }), treeOf(2, "c", { 2: [4] })]],
];

function rowOf({ id, name, posts, notes, isDeleted }: Tree) {
  if (isDeleted) return { user: tombstone({ id }) };
  const rows = posts.map(({ id, title }) => ({ id, title }));
  return {
    user: { id, name },
    post: rows,
    tag: posts.flatMap(({ tags }, n) => tags.map((tag) => ({ post_id: rows[n], tag }))),
    // Some leave a column as it is, where it is there.
    comment: posts.flatMap(({ comments }, n) =>
      comments.map((id) => ({ id, post_id: rows[n], ...name !== "c" && { body: name } }))
    ),
    note: notes,
  };
}

/** What the rows one after the other make. */
class Model {
  readonly users = new Map<number, string>();
  readonly posts = new Map<number, Post & { user: number }>();
  readonly comments = new Map<number, { readonly post: number; readonly body: string | null }>();
  readonly notes = new Map<number, readonly [user: number, note: string]>();

  apply({ id, name, posts, notes, isDeleted }: Tree): void {
    for (const [post, { user }] of this.posts) {
      if (user === id && (isDeleted || !posts.some((one) => one.id === post))) {
        this.posts.delete(post);
        this.#removeComments(post, []);
      }
    }
    if (isDeleted) {
      for (const [note, [user]] of this.notes) if (user === id) this.notes.delete(note);
      return void this.users.delete(id);
    }
    this.users.set(id, name);
    for (const post of posts) this.posts.set(post.id, { ...post, user: id });
    const given = posts.flatMap(({ comments }) => comments);
    for (const post of posts) this.#removeComments(post.id, given);
    for (const { id: post, comments } of posts) {
      for (const one of comments) {
        const body = name === "c" ? this.comments.get(one)?.body ?? null : name;
        this.comments.set(one, { post, body });
      }
    }
    for (const { id: note, note: text } of notes) this.notes.set(note, [id, text]);
  }

  #removeComments(post: number, kept: readonly number[]): void {
    for (const [comment, { post: of }] of this.comments) {
      if (of === post && !kept.includes(comment)) this.comments.delete(comment);
    }
  }

  contents(): string[] {
    return [
      ...[...this.users].map(([id, name]) => `user ${id} ${name}`),
      ...[...this.posts.values()].map(({ id, user, title }) => `post ${id} ${user} ${title}`),
      ...[...this.posts.values()].flatMap(({ id, tags }) => tags.map((tag) => `tag ${id} ${tag}`)),
      ...[...this.comments].map(([id, { post, body }]) => `comment ${id} ${post} ${body ?? ""}`),
      ...[...this.notes].map(([id, [user, note]]) => `note ${id} ${user} ${note}`),
    ].sort();
  }
}

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
