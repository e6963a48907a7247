// The rows of the demo of many tables: compared with those of users, and changed by loads.
import { DuckDBInstance } from "@duckdb/node-api";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { keepServer } from "../demo/tables/postgres-server.ts";
import { rowsOf } from "../demo/tables/rows.ts";
import { tables } from "../demo/tables/schema.ts";
import { withSqliteValues } from "../demo/tables/sqlite-values.ts";
import { userOf } from "../demo/tables/users.ts";
import { duckdbSink } from "../src/adapters/duckdb.ts";
import { postgresSink } from "../src/adapters/postgres.ts";
import { sqliteSink, tombstone } from "../src/adapters/sqlite.ts";
import { etl } from "../src/index.ts";

/** What tells one row of a table from another: its key, or a text that is drawn for each. */
const markOf = (table) =>
  ["education", "experience"].includes(table)
    ? "description"
    : ["settings", "activity_log", "transactions", "posts"].includes(table)
    ? "value"
    : table === "attachments"
    ? "name"
    : "id";
const linkOf = (table) => Object.keys(tables[table].parent?.on ?? { id: "" })[0];

/** Opens the database that the demo has left in a folder. */
export async function openTables(folder, kind) {
  if (kind === "duckdb") {
    const instance = await DuckDBInstance.create(join(folder, "users.duckdb"));
    const connection = await instance.connect();
    return {
      sink: (options) => duckdbSink(connection, options),
      query: async (sql) => await (await connection.run(sql)).getRowObjects(),
      rowsOf,
      close: async () => {
        connection.closeSync();
        instance.closeSync();
      },
    };
  }
  if (kind === "sqlite") {
    const db = new DatabaseSync(join(folder, "users.db"), { timeout: 5000 });
    return {
      sink: (options) => sqliteSink(db, options),
      query: async (sql) => db.prepare(sql).all(),
      rowsOf: (user) => withSqliteValues(rowsOf(user)),
      close: async () => db.close(),
    };
  }
  const { url } = await keepServer(join(folder, "postgres"));
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  return {
    sink: (options) => postgresSink(pool, options),
    query: async (sql) => (await pool.query(sql)).rows,
    rowsOf,
    close: () => pool.end(),
  };
}

/** What is wrong with the rows of the tables, where they are to be those of these users. */
export async function faultsIn({ query }, users) {
  const wanted = Object.fromEntries(Object.keys(tables).map((table) => [table, []]));
  for (const user of users) {
    for (const [table, rows] of Object.entries(rowsOf(user))) {
      for (const row of [rows].flat()) {
        wanted[table].push(`${row[linkOf(table)] ?? user.id} ${row[markOf(table)]}`);
      }
    }
  }
  const faults = [];
  for (const table of Object.keys(tables)) {
    const rows = await query(`select ${linkOf(table)} link, ${markOf(table)} mark from ${table}`);
    const lost = countOf(wanted[table]);
    for (const { link, mark } of rows) {
      lost.set(`${link} ${mark}`, (lost.get(`${link} ${mark}`) ?? 0) - 1);
    }
    const counts = [...lost.values()];
    const missing = counts.reduce((sum, count) => sum + Math.max(0, count), 0);
    const excess = counts.reduce((sum, count) => sum + Math.max(0, -count), 0);
    if (missing + excess > 0) faults.push(`${table}: ${missing} rows lost, ${excess} too many`);
  }
  return faults;
}

function countOf(keys) {
  const counts = new Map();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Loads a bad tree among good ones, trees that have lost rows, and tombstones; checks after each. */
export async function* changeTrees(database, users) {
  let now = await loadPoison(database, users);
  yield { words: "a bad attachment", wrong: await faultsIn(database, now) };

  const poorer = now.map((user, index) => index % 7 === 0 ? withFewerPosts(user) : user);
  const changed = poorer.filter((user, index) => user !== now[index]);
  now = poorer;
  await load(database, changed.map(database.rowsOf));
  yield { words: "users with fewer posts", wrong: await faultsIn(database, now) };

  const gone = now.filter((_, index) => index % 5 === 0);
  now = now.filter((_, index) => index % 5 !== 0);
  await load(database, gone.map(({ id }) => ({ users: tombstone({ id }) })));
  yield { words: "tombstones of users", wrong: await faultsIn(database, now) };
}

/** Loads some more users, of whom one has an attachment without a name; gives all that are there. */
async function loadPoison(database, users) {
  const more = Array.from({ length: 20 }, (_, index) => userOf(users.length + index + 1));
  const bad = more.findIndex(({ messages }) => messages.some((m) => m.attachments.length > 0));
  const trees = more.map(database.rowsOf);
  trees[bad].attachments.at(-1).name = null;
  const letters = [];
  const deadLetters = new WritableStream({ write: (letter) => void letters.push(letter) });
  await load(database, trees, { deadLetters });
  const [{ offset } = {}] = letters;
  if (letters.length !== 1 || offset !== bad) {
    throw new Error(
      `Not the user ${bad} alone is given up on, but ${letters.map((l) => l.offset)}`,
    );
  }
  return [...users, ...more.filter((_, index) => index !== bad)];
}

function withFewerPosts(user) {
  const posts = user.socialMedia.posts.slice(1);
  return { ...user, socialMedia: { ...user.socialMedia, posts } };
}

/** Loads trees so that they replace what is there. */
async function load({ sink }, trees, options = {}) {
  const replaced = Object.entries(tables).map((
    [table, { parent }],
  ) => [table, parent === undefined ? {} : { parent, missing: "delete" }]);
  const { load } = sink({ tables: Object.fromEntries(replaced), conflict: "replace" });
  await etl({ name: "changes", extract: () => trees, load }).run({ batchSize: 50, ...options });
}
