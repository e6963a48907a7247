// Loads users, their posts and the tags of these into three tables, then changes one user. All rows
// of a user are in one commit. The sink fills the columns that link a post to its user.
//
// Run: node examples/node/nested-to-tables.ts
// Last line: Now: 2 users, 2 posts, 3 tags.
import { DatabaseSync } from "node:sqlite";
import { etl } from "millrace";
import { sqliteSink } from "millrace/sqlite";

interface User {
  id: number;
  name: string;
  posts: { slug: string; title: string; tags: string[] }[];
}

const db = new DatabaseSync(":memory:");
db.exec(`
  create table user (id integer primary key, name text not null);
  create table post (
    slug text primary key, title text not null,
    user_id integer not null references user on delete cascade
  );
  create table tag (
    post_slug text not null references post on delete cascade, name text not null,
    primary key (post_slug, name)
  );
`);

const sink = sqliteSink(db, {
  conflict: "replace", // For each table. A user that comes again is updated…
  tables: {
    user: {},
    post: { parent: { table: "user", on: { user_id: "id" } }, missing: "delete" },
    tag: { parent: { table: "post", on: { post_slug: "slug" } }, missing: "delete" },
  }, // …and loses the posts and tags that it no longer has.
});

const loadUsers = (users: User[]) =>
  etl({
    name: "users",
    extract: () => users,
    transform: ({ id, name, posts }) => ({
      user: { id, name },
      post: posts.map(({ slug, title }) => ({ slug, title })),
      tag: posts.flatMap(({ slug, tags }) => tags.map((name) => ({ post_slug: slug, name }))),
    }),
    load: sink.load,
  }).run();

const ada = {
  id: 1,
  name: "Ada",
  posts: [
    { slug: "engines", title: "On engines", tags: ["steam", "numbers"] },
    { slug: "looms", title: "On looms", tags: ["cloth"] },
  ],
};
const ben = { id: 2, name: "Ben", posts: [{ slug: "tea", title: "On tea", tags: ["leaves"] }] };

await loadUsers([ada, ben]);
console.log(`Loaded: ${counts()}.`);

const [engines] = ada.posts; // The other post is gone.
await loadUsers([{ ...ada, name: "Ada Lovelace", posts: [engines!] }]);
console.log(`Now: ${counts()}.`);

function counts(): string {
  return ["user", "post", "tag"].map((table) => {
    const row = db.prepare(`select count(*) as n from ${table}`).get();
    return `${row!["n"]} ${table}s`;
  }).join(", ");
}
