/**
 * Users with posts, tags and notes, as random rows of four tables that hang together, and what the
 * rows one after the other make of the tables.
 */
import fc from "fast-check";
import { tombstone } from "../../../src/adapters/sqlite.ts";

const toUser = { table: "user", on: { user_id: "id" } };
const replaced = { conflict: "replace", missing: "delete" } as const;
/** The options of the tables. */
export const tables = {
  user: { conflict: "replace" },
  post: { ...replaced, parent: toUser },
  tag: { ...replaced, parent: { table: "post", on: { post_id: "id" } } },
  comment: { ...replaced, parent: { table: "post", on: { post_id: "id" } } },
  note: { conflict: "replace", parent: toUser }, // Its rows stay.
} as const;

/** A post of a user. */
export interface Post {
  readonly id: number;
  readonly title: string;
  readonly tags: readonly string[];
  readonly comments: readonly number[];
}
/** A user. */
export interface Tree {
  readonly id: number;
  readonly name: string;
  readonly posts: readonly Post[];
  readonly notes: readonly { readonly id: number; readonly note: string }[];
  readonly isDeleted: boolean;
}

const word = fc.constantFrom("a", "b", "c");
/** A user, or that it is deleted. */
export const tree: fc.Arbitrary<Tree> = fc.record({
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

/**
 * A comment moves to a post whose item comes before, or after, the one that it is missing from; a post
 * moves to a user that has none in the next item.
 */
export const moves: [Tree[]][] = [
  [[treeOf(3, "a", { 1: [2] }), treeOf(1, "c", { 2: [2] }), treeOf(3, "a", {})]],
  [[treeOf(1, "a", { 1: [4] }), treeOf(1, "a", { 1: [] }), treeOf(2, "c", { 2: [4] })]],
  [[treeOf(1, "a", { 2: [] }), treeOf(3, "a", { 2: [] }), treeOf(3, "a", {})]],
];

/** The row of a sink for a user. */
export function rowOf({ id, name, posts, notes, isDeleted }: Tree) {
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
export class Model {
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
