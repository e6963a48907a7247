import { existsSync, readFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

// A film has at most one director, one genre and one distributor in this data, so it refers to
// them, and no table of pairs is called for.
const schema = `
  CREATE TABLE flight (
    id INTEGER PRIMARY KEY,
    departure INTEGER NOT NULL, -- minute of the day
    delay INTEGER NOT NULL, -- minutes at arrival; below 0 is early
    distance INTEGER NOT NULL -- miles
  ) STRICT;
  CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE genre (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE distributor (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE film (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    year INTEGER NOT NULL,
    released TEXT, -- where the day is known
    director_id INTEGER REFERENCES person,
    genre_id INTEGER REFERENCES genre,
    distributor_id INTEGER REFERENCES distributor,
    source TEXT,
    creative_type TEXT,
    certificate TEXT,
    minutes INTEGER,
    budget INTEGER, -- this and all money in dollars
    us_gross INTEGER,
    world_gross INTEGER,
    us_dvd_sales INTEGER,
    tomatoes INTEGER, -- per cent
    imdb_rating REAL,
    imdb_votes INTEGER,
    UNIQUE (title, year)
  ) STRICT;
`;

/**
 * Makes a database with empty tables; one of this name is replaced.
 * @throws {Error} If there is a file of this name that is no SQLite database.
 */
export function createDatabase(path: string): DatabaseSync {
  if (existsSync(path) && !isDatabase(path)) {
    throw new Error(`Cannot replace "${path}" as it is no SQLite database`);
  }
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  database.exec(schema);
  return database;
}

/** An empty file is one too: SQLite writes nothing before the first table. */
function isDatabase(path: string): boolean {
  const content = readFileSync(path, "latin1");
  return content === "" || content.startsWith("SQLite format 3\0");
}

/**
 * Writes all or nothing. Both pipelines share the connection: as `write` is synchronous, none comes
 * between the BEGIN and the COMMIT of another.
 */
export function inTransaction(database: DatabaseSync, write: () => void): void {
  database.exec("BEGIN");
  try {
    write();
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

/** The only number that a query gives. */
export function countOf(database: DatabaseSync, query: string): number {
  return Number(Object.values(database.prepare(query).get() ?? {})[0]);
}
