// What pages give and a sink takes is inferred: compiled by `npm run check:types`, never run.
import { httpSink, type PagePosition, readPages } from "../../src/adapters/http.ts";
import { type Chunks, type Etl, etl, MemoryCheckpointStore } from "../../src/index.ts";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
interface User {
  readonly id: number;
}

const named = readPages<User>("https://api.example/", { next: "link", items: "$.data", key: "id" });
const users = etl({ name: "users", extract: named.extract, load: (_: User[]) => {} }, {
  checkpoints: new MemoryCheckpointStore(),
  ...named.runOptions,
});
export const namedUsers: Same<typeof users, Etl<User, User>> = true;

const inferred = readPages(
  (cursor?: string) => `https://api.example/?cursor=${cursor ?? ""}`,
  {
    next: { cursor: "$.next" },
    items: (body: { users: User[] }) => body.users,
    total: (_, body: { total: number }) => body.total,
    key: (user: User) => user.id,
  },
);
export const inferredUsers: Same<ReturnType<typeof inferred.extract>, Chunks<User>> = true;

const placed = readPages<User>("https://api.example/", { next: { page: "page" }, positions: true });
type Placed = { readonly value: User; readonly position: PagePosition };
export const placedUsers: Same<ReturnType<typeof placed.extract>, Chunks<Placed>> = true;

readPages<User>("https://api.example/", {
  next: (_, body: { next?: string }) => body.next,
  // @ts-expect-error A user has no name.
  key: "name",
});

// @ts-expect-error The next page has to be found somehow.
readPages("https://api.example/", {});

// @ts-expect-error A path begins with $.
readPages("https://api.example/", { next: { url: "next" } });

const sink = httpSink<User>("https://api.example/", {
  body: (rows) => JSON.stringify(rows.map(({ id }) => id)),
  failures: async (response) => (await response.json() as number[]).map((at) => [at, "no"]),
});
const posted = etl({
  name: "posted",
  extract: () => [1, 2],
  transform: (id) => ({ id }),
  load: sink.load,
});
export const postedUsers: Same<typeof posted, Etl<number, { id: number }>> = true;
