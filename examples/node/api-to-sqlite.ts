// Copies the pages of an API into SQLite, then runs again when there are new rows. The second run
// starts where the first one ended. The program also serves the API, which sometimes fails.
//
// Run: node examples/node/api-to-sqlite.ts
// Last line: 45 users after 2 runs, the second of which read 5.
import { once } from "node:events";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { etl } from "millrace";
import { isTransient, readPages } from "millrace/http";
import { sqliteSink } from "millrace/sqlite";

const userOf = (id: number) => ({ id, name: `user ${id}` });
const users = Array.from({ length: 40 }, (_, index) => userOf(index + 1));
let requests = 0;
const server = createServer(({ url }, response) => {
  if (++requests % 3 === 0) return response.writeHead(503).end(); // Too busy: try again.
  const after = Number(new URL(url!, "http://localhost").searchParams.get("after") ?? 0);
  const data = users.filter(({ id }) => id > after).slice(0, 10);
  const next = data.length === 10 ? data.at(-1)!.id : null;
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ data, next }));
});
await once(server.listen(0), "listening");
const { port } = server.address() as { port: number };

const db = new DatabaseSync(":memory:"); // In practice, a file.
db.exec("create table users (id integer primary key, name text not null)");
const sink = sqliteSink(db, { table: "users" });

const pages = readPages(`http://localhost:${port}/users`, {
  next: { cursor: "$.next", param: "after" },
  items: (body: { data: typeof users }) => body.data,
});
const copy = etl({ name: "users", extract: pages.extract, load: sink.load }, {
  checkpoints: sink.checkpoints, // If it is killed, the next run resumes after the last row in the table.
  retry: { extract: { maxAttempts: 5, baseDelay: 10, isRetriable: isTransient } },
  ...pages.runOptions,
});

const first = await copy.run();
console.log(`${first.loaded} users, by ${requests} requests.`);
for (let id = 41; id <= 45; id++) users.push(userOf(id));
const second = await copy.run(); // An hour later.
server.close();

const count = db.prepare("select count(*) as n from users").get();
console.log(`${count!["n"]} users after 2 runs, the second of which read ${second.loaded}.`);
